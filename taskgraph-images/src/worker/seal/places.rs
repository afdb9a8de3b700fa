//! [`PLACES`]: what any machine has that must not be in an image: what it is, what it lets in, what happened on it.

/// Something that must not be part of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Where it is, relative to the root of the file system. A `*` stands for anything in a name.
    pub pattern: &'static str,
    /// What happens to it.
    pub how: How,
    /// What it is, for people.
    pub what: &'static str,
}

/// What happens to something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It goes, with all that is in it.
    Remove,
    /// What is in the folder goes; but for folders that services have for themselves while they run.
    Empty,
    /// The file stays, empty: its absence would mean something else.
    Truncate,
    /// The files below stay, empty, as services have them open; older ones that were put away go.
    Logs,
}

const fn place(pattern: &'static str, how: How, what: &'static str) -> Place {
    Place { pattern, how, what }
}

const HOST_KEYS: &str = "SSH host keys";
const MACHINE: &str = "the machine's identity";
const FIRST_BOOT: &str = "the state of the first boot";
const AGENTS: &str = "the cloud's agents' state";
const NETWORK: &str = "what networks remember";
const ACCESS: &str = "ways in";
const CREDENTIALS: &str = "credentials of tools";
const TRACES: &str = "traces of people";
const LOGS: &str = "logs";
const TEMPORARY: &str = "temporary files";

/// What must not be in an image of any machine, in the order in which it goes.
pub const PLACES: &[Place] = &[
    // Two machines must never share one of these. All of it is made anew when a machine first starts.
    place("etc/ssh/ssh_host_*", How::Remove, HOST_KEYS),
    place("etc/machine-id", How::Truncate, MACHINE),
    place("var/lib/dbus/machine-id", How::Remove, MACHINE),
    place("var/lib/systemd/random-seed", How::Remove, MACHINE),
    place("var/lib/systemd/credential.secret", How::Remove, MACHINE),
    place("var/lib/cloud", How::Empty, FIRST_BOOT),
    place("var/lib/waagent", How::Empty, AGENTS),
    place("var/lib/amazon/ssm", How::Empty, AGENTS),
    place("var/lib/dhcp", How::Empty, NETWORK),
    place("var/lib/NetworkManager/*.lease", How::Remove, NETWORK),
    place("var/lib/NetworkManager/secret_key", How::Remove, NETWORK),
    // Whoever could log in here must not be let in there.
    place("root/.ssh/authorized_keys", How::Remove, ACCESS),
    place("home/*/.ssh/authorized_keys", How::Remove, ACCESS),
    place("root/.config/gcloud", How::Remove, CREDENTIALS),
    place("home/*/.config/gcloud", How::Remove, CREDENTIALS),
    place("root/.aws", How::Remove, CREDENTIALS),
    place("home/*/.aws", How::Remove, CREDENTIALS),
    place("root/.azure", How::Remove, CREDENTIALS),
    place("home/*/.azure", How::Remove, CREDENTIALS),
    place("root/.docker", How::Remove, CREDENTIALS),
    place("home/*/.docker", How::Remove, CREDENTIALS),
    place("root/.git-credentials", How::Remove, CREDENTIALS),
    place("home/*/.git-credentials", How::Remove, CREDENTIALS),
    place("root/.netrc", How::Remove, CREDENTIALS),
    place("home/*/.netrc", How::Remove, CREDENTIALS),
    // What happened on this machine is nobody's business on that one.
    place("root/.*_history", How::Remove, TRACES),
    place("home/*/.*_history", How::Remove, TRACES),
    place("root/.lesshst", How::Remove, TRACES),
    place("home/*/.lesshst", How::Remove, TRACES),
    place("root/.viminfo", How::Remove, TRACES),
    place("home/*/.viminfo", How::Remove, TRACES),
    place("root/.wget-hsts", How::Remove, TRACES),
    place("home/*/.wget-hsts", How::Remove, TRACES),
    place("var/lib/systemd/coredump", How::Empty, LOGS),
    place("var/crash", How::Empty, LOGS),
    place("var/log/journal", How::Empty, LOGS),
    place("var/log", How::Logs, LOGS),
    place("tmp", How::Empty, TEMPORARY),
    place("var/tmp", How::Empty, TEMPORARY),
];
