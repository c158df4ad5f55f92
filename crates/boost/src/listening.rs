//! Where XGBoost listens: at the address by which the other ranks reach this one, and at no other.
//!
//! Ranks of XGBoost wait for each other on *all* addresses of their host, for as long as they train, and no setting says
//! otherwise; whoever reaches such a port can end the rank. The library calls the system's `bind` by a table that the
//! loader has filled, and there we put [`bind`] of ours: it knows where. Other ways lost: a namespace of networks needs
//! rights, a library that is loaded before needs a file of its own, and a filter comes after the port is open.

#![expect(unsafe_code, reason = "the loader's table of a C library")]

use crate::library::Library;
use phalanx_engine::{Error, Result};
use std::ffi::{CStr, c_int, c_void};
use std::net::{IpAddr, ToSocketAddrs as _};
use std::sync::OnceLock;

/// Where this process listens, once that is settled.
static OWN: OnceLock<IpAddr> = OnceLock::new();

/// From now on XGBoost listens at `host` alone, in this process; the address that this is.
///
/// # Errors
/// `Input`: no such host. `Unsupported`: XGBoost's library is built in a way that we do not know.
pub fn only_at(host: &str) -> Result<IpAddr> {
    let unknown = || Error::input(format!("{host:?} is no address of this machine"));
    let found = (host, 0).to_socket_addrs().map_err(|error| unknown().caused_by(&error))?.next();
    let address = *OWN.get_or_init(|| found.map_or(IpAddr::from([127, 0, 0, 1]), |found| found.ip()));
    if found.map(|found| found.ip()) != Some(address) {
        return Err(unknown());
    }
    let ours: BindFunction = bind;
    // SAFETY: the library stays loaded, and `bind` is of the type of the function whose place it takes.
    match unsafe { replace(Library::get()?.symbols().address(), c"bind", ours as *const c_void) } {
        0 => Err(Error::unsupported("this build of XGBoost would listen on all addresses of its machine")
            .with_hint("train with one rank, which does not listen, or install the package xgboost or xgboost-cpu")),
        _ => Ok(address),
    }
}

type BindFunction = unsafe extern "C" fn(c_int, *const libc::sockaddr, libc::socklen_t) -> c_int;

/// The system's `bind`, but for sockets of all addresses: they get ours.
unsafe extern "C" fn bind(socket: c_int, address: *const libc::sockaddr, length: libc::socklen_t) -> c_int {
    const ANY_4: u32 = libc::INADDR_ANY;
    let holds = |size: usize| length as usize >= size;
    // SAFETY: whoever calls `bind` hands over an address of `length` bytes; each is read as what its family says.
    unsafe {
        match (c_int::from((*address).sa_family), OWN.get()) {
            (libc::AF_INET, Some(own)) if holds(size_of::<libc::sockaddr_in>()) => {
                let mut given = address.cast::<libc::sockaddr_in>().read_unaligned();
                match own {
                    _ if given.sin_addr.s_addr != ANY_4 => libc::bind(socket, address, length),
                    IpAddr::V4(own) => {
                        given.sin_addr.s_addr = u32::from_ne_bytes(own.octets());
                        libc::bind(socket, (&raw const given).cast(), length)
                    }
                    IpAddr::V6(_) => refuse(),
                }
            }
            (libc::AF_INET6, Some(own)) if holds(size_of::<libc::sockaddr_in6>()) => {
                let mut given = address.cast::<libc::sockaddr_in6>().read_unaligned();
                match own {
                    _ if given.sin6_addr.s6_addr != [0; 16] => libc::bind(socket, address, length),
                    IpAddr::V6(own) => {
                        given.sin6_addr.s6_addr = own.octets();
                        libc::bind(socket, (&raw const given).cast(), length)
                    }
                    IpAddr::V4(_) => refuse(),
                }
            }
            _ => libc::bind(socket, address, length),
        }
    }
}

/// All addresses of a family of which we have none.
fn refuse() -> c_int {
    // SAFETY: the place of this thread's error number.
    unsafe { *libc::__errno_location() = libc::EADDRNOTAVAIL };
    -1
}

/// An entry of the section that says where a loaded library's tables are.
#[repr(C)]
struct Dynamic {
    tag: i64,
    value: u64,
}

/// A place that the loader fills with the address of a symbol.
#[repr(C)]
struct Relocation {
    offset: u64,
    info: u64,
    addend: i64,
}

const DT_NULL: i64 = 0;
const DT_PLTRELSZ: i64 = 2;
const DT_STRTAB: i64 = 5;
const DT_SYMTAB: i64 = 6;
const DT_RELA: i64 = 7;
const DT_RELASZ: i64 = 8;
const DT_JMPREL: i64 = 23;

/// Puts `function` in the place of `symbol` for the library that has `inside` in it; in how many places.
///
/// # Safety
/// The library stays loaded, and `function` is of the symbol's type.
unsafe fn replace(inside: *const c_void, symbol: &CStr, function: *const c_void) -> usize {
    let mut found: (*const c_void, u64, *const Dynamic) = (inside, 0, std::ptr::null());
    // SAFETY: the callback is called before this returns, with what it is handed.
    unsafe { libc::dl_iterate_phdr(Some(find), (&raw mut found).cast()) };
    let (_, base, mut entry) = found;
    if entry.is_null() {
        return 0;
    }
    let (mut strings, mut symbols, mut tables) = (0, 0, [(0, 0), (0, 0)]);
    // SAFETY: the loader has checked this section, whose last entry is the one without a tag.
    unsafe {
        while (*entry).tag != DT_NULL {
            let Dynamic { tag, value } = entry.read();
            // Some loaders have made addresses of these offsets, others have not.
            let address = if value < base { base + value } else { value };
            match tag {
                DT_STRTAB => strings = address,
                DT_SYMTAB => symbols = address,
                DT_JMPREL => tables[0].0 = address,
                DT_PLTRELSZ => tables[0].1 = value,
                DT_RELA => tables[1].0 = address,
                DT_RELASZ => tables[1].1 = value,
                _ => {}
            }
            entry = entry.add(1);
        }
    }
    let mut replaced = 0;
    for (table, bytes) in tables.into_iter().filter(|(table, _)| *table != 0) {
        for number in 0..bytes as usize / size_of::<Relocation>() {
            // SAFETY: as many relocations as the loader went through; their symbols have names among the strings.
            unsafe {
                let Relocation { offset, info, addend } = (table as *const Relocation).add(number).read();
                let entry = (symbols as *const libc::Elf64_Sym).add((info >> 32) as usize);
                let is_it = info >> 32 != 0
                    && addend == 0
                    && CStr::from_ptr((strings as *const libc::c_char).add((*entry).st_name as usize)) == symbol;
                if is_it && put((base + offset) as *mut *const c_void, function) {
                    replaced += 1;
                }
            }
        }
    }
    replaced
}

/// Notes the base and the dynamic section of the library that has the given address in it.
unsafe extern "C" fn find(info: *mut libc::dl_phdr_info, _size: usize, found: *mut c_void) -> c_int {
    // SAFETY: the loader hands over a library that is loaded, and `found` is what `replace` gave it.
    unsafe {
        let (inside, base, dynamic) = &mut *found.cast::<(*const c_void, u64, *const Dynamic)>();
        let headers = std::slice::from_raw_parts((*info).dlpi_phdr, usize::from((*info).dlpi_phnum));
        let start = (*info).dlpi_addr;
        let holds = |header: &libc::Elf64_Phdr| {
            let first = start + header.p_vaddr;
            header.p_type == libc::PT_LOAD && (first..first + header.p_memsz).contains(&(*inside as u64))
        };
        if !headers.iter().any(holds) {
            return 0;
        }
        *base = start;
        if let Some(header) = headers.iter().find(|header| header.p_type == libc::PT_DYNAMIC) {
            *dynamic = (start + header.p_vaddr) as *const Dynamic;
        }
        1
    }
}

/// Writes to a place that the loader may have made read-only.
///
/// # Safety
/// The place is one of a loaded library's table.
unsafe fn put(place: *mut *const c_void, function: *const c_void) -> bool {
    // SAFETY: a number that the system always knows; then the page of that place, which stays mapped.
    unsafe {
        let page = usize::try_from(libc::sysconf(libc::_SC_PAGESIZE)).unwrap_or(4096);
        let start = place as usize / page * page;
        if libc::mprotect(start as *mut c_void, page, libc::PROT_READ | libc::PROT_WRITE) != 0 {
            return false;
        }
        place.write(function);
    }
    true
}
