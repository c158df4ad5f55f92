//! The page at which a token is exchanged for a session: the only one that who shows nothing may see.

/// What it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// A token is wanted.
    Wanted,
    /// The one that came is not good.
    Refused,
    /// The session is ended, as was asked for.
    SignedOut,
}

/// The whole page.
pub fn whole(said: Said) -> String {
    let word = match said {
        Said::Wanted => "",
        Said::SignedOut => "<p role=\"status\">You are signed out. Another token lets you in again.</p>\n",
        Said::Refused => {
            "<p role=\"alert\" class=\"failure\">This token is not good: it was used already, or is too old. Ask for another.</p>\n"
        }
    };
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Enter · Phalanx</title>
<link rel="icon" href="static/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="static/style.css">
<script src="static/enter.js" defer></script>
</head>
<body>
<header>
<span class="brand"><img src="static/icon.svg" alt="" width="22" height="22">Phalanx</span>
</header>
<main class="enter">
<h1>Enter</h1>
{word}<form method="post" action="enter">
<label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="off" required>
<button type="submit">Enter</button>
</form>
<p class="note">A token is good once, for a quarter of an hour. Who may submit jobs gets one by
<code>phalanx token tcp://HOST:PORT</code>. A certificate of this cluster needs none.</p>
</main>
</body>
</html>
"#
    )
}
