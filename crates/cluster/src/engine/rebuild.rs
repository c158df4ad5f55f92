//! Persisted data that was lost is made again from its lineage.

use super::Shared;
use super::attempt::Attempts;
use futures::FutureExt;
use futures::future::BoxFuture;
use phalanx_engine::{Error, Lineage, Location, Persisted, Progress, Recipe, Result};
use tokio::sync::watch;

impl Shared {
    /// Makes persisted data again from its lineage: what `error` says was lost to an attempt that read these
    /// `versions` of its `inputs`. One at a time; who comes later finds it made.
    pub(super) async fn rebuild(&self, inputs: &[Persisted], versions: &[u64], error: Error) -> Result<()> {
        let mut inputs = inputs.iter().zip(versions);
        let lost = error.lost_data().and_then(|lost| inputs.find(|(input, _)| input.handle() == lost.handle));
        let Some((input, version, lineage)) =
            lost.and_then(|(input, version)| Some((input, version, input.lineage()?)))
        else {
            return Err(error);
        };
        let _others_wait = input.rebuilding().await;
        if input.version() != *version {
            return Ok(());
        }
        tracing::info!(handle = input.handle(), "persisted data is gone and is made again");
        input.moved(self.make_again(input.handle(), lineage).await?);
        Ok(())
    }

    /// Runs `lineage`'s plan; what it reads and nobody holds any more is made again first, and freed afterwards.
    async fn make_again(&self, handle: &str, lineage: &Lineage) -> Result<Vec<Location>> {
        let mut inputs = vec![];
        for input in lineage.inputs() {
            inputs.push(self.held(input).await?);
        }
        let (progress, _unwatched) = watch::channel(Progress::default());
        let outputs = self.run(&lineage.plan(inputs), &progress, &mut Attempts::default()).await?;
        self.session.holds(handle, &outputs.job, outputs.stage);
        Ok(outputs.locations)
    }

    fn held<'a>(&'a self, recipe: &'a Recipe) -> BoxFuture<'a, Result<Persisted>> {
        async move {
            let _others_wait = recipe.rebuilding().await;
            match (recipe.held(), recipe.lineage()) {
                (Some(held), _) => Ok(held),
                (None, Some(lineage)) => Ok(recipe.revived(self.make_again(recipe.handle(), lineage).await?)),
                (None, None) => Err(Error::internal(format!("{} was freed and has no plan", recipe.handle()))),
            }
        }
        .boxed()
    }
}
