//! Which attributes of which Packer components name files of the machine that runs Packer.
//!
//! This is data: one row an attribute. An attribute that has no row is still looked at: if its text happens to be the
//! path of a file of the repository, the file counts as an input, because an input too many costs a build and
//! one too few costs trust.

/// Which kind of component an attribute belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Component {
    Source,
    Provisioner,
    PostProcessor,
    /// Blocks that configure no plugin.
    Other,
}

/// What an attribute's text names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Scripts that are run: one path or a list, as the flag says.
    Script { list: bool },
    /// What the `file` provisioner uploads: files or directories.
    Upload { list: bool },
    /// Files that configure the machine's first boot.
    UserData,
    /// A map whose values are files.
    FileMap,
    /// Files or directories (globs allowed where the flag says) served or attached at boot.
    Media { glob: bool },
    /// A file, directory or list of either that a provisioner or post-processor reads.
    Configuration,
    /// An Ansible playbook: the whole folder it stands in belongs to it.
    Playbook,
    /// A file that may be a URL, or a file of the build machine that is no part of the repository.
    Elsewhere,
    /// Text that is a script.
    Inline,
    /// Text that names nothing of the repository, whatever it looks like.
    Nothing,
}

use Component::{PostProcessor, Provisioner, Source};

/// (component, type or `*`, attribute, what it names)
const TABLE: &[(Component, &str, &str, Kind)] = &[
    (Provisioner, "*", "script", Kind::Script { list: false }),
    (Provisioner, "*", "scripts", Kind::Script { list: true }),
    (Provisioner, "*", "inline", Kind::Inline),
    (Provisioner, "shell-local", "command", Kind::Inline),
    (Provisioner, "*", "remote_path", Kind::Nothing),
    (Provisioner, "*", "remote_folder", Kind::Nothing),
    (Provisioner, "*", "staging_directory", Kind::Nothing),
    (Provisioner, "*", "working_directory", Kind::Nothing),
    (Provisioner, "*", "destination", Kind::Nothing),
    (Provisioner, "*", "inline_shebang", Kind::Nothing),
    (Provisioner, "file", "source", Kind::Upload { list: false }),
    (Provisioner, "file", "sources", Kind::Upload { list: true }),
    (Provisioner, "file", "content", Kind::Nothing),
    // Where to: on the image, or, of a download, on the machine that builds.
    (Provisioner, "file", "destination", Kind::Nothing),
    (Provisioner, "ansible", "playbook_file", Kind::Playbook),
    (
        Provisioner,
        "ansible-local",
        "playbook_file",
        Kind::Playbook,
    ),
    (
        Provisioner,
        "ansible-local",
        "playbook_files",
        Kind::Playbook,
    ),
    (
        Provisioner,
        "ansible-local",
        "playbook_dir",
        Kind::Configuration,
    ),
    (
        Provisioner,
        "ansible-local",
        "playbook_paths",
        Kind::Configuration,
    ),
    (
        Provisioner,
        "ansible-local",
        "role_paths",
        Kind::Configuration,
    ),
    (
        Provisioner,
        "ansible-local",
        "collection_paths",
        Kind::Configuration,
    ),
    (
        Provisioner,
        "ansible-local",
        "group_vars",
        Kind::Configuration,
    ),
    (
        Provisioner,
        "ansible-local",
        "host_vars",
        Kind::Configuration,
    ),
    (Provisioner, "*", "galaxy_file", Kind::Configuration),
    (Provisioner, "*", "inventory_file", Kind::Configuration),
    (Provisioner, "*", "inventory_directory", Kind::Configuration),
    (Provisioner, "ansible", "roles_path", Kind::Configuration),
    (
        Provisioner,
        "ansible",
        "collections_path",
        Kind::Configuration,
    ),
    (Provisioner, "ansible", "ssh_host_key_file", Kind::Elsewhere),
    (
        Provisioner,
        "ansible",
        "ssh_authorized_key_file",
        Kind::Elsewhere,
    ),
    (
        Provisioner,
        "puppet-masterless",
        "manifest_file",
        Kind::Configuration,
    ),
    (
        Provisioner,
        "puppet-masterless",
        "manifest_dir",
        Kind::Configuration,
    ),
    (
        Provisioner,
        "puppet-masterless",
        "module_paths",
        Kind::Configuration,
    ),
    (
        Provisioner,
        "puppet-masterless",
        "hiera_config_path",
        Kind::Configuration,
    ),
    (
        Provisioner,
        "puppet-server",
        "client_cert_path",
        Kind::Elsewhere,
    ),
    (
        Provisioner,
        "puppet-server",
        "client_private_key_path",
        Kind::Elsewhere,
    ),
    (
        Provisioner,
        "chef-solo",
        "cookbook_paths",
        Kind::Configuration,
    ),
    (Provisioner, "chef-solo", "roles_path", Kind::Configuration),
    (
        Provisioner,
        "chef-solo",
        "data_bags_path",
        Kind::Configuration,
    ),
    (
        Provisioner,
        "chef-solo",
        "environments_path",
        Kind::Configuration,
    ),
    (
        Provisioner,
        "chef-solo",
        "encrypted_data_bag_secret_path",
        Kind::Elsewhere,
    ),
    (Provisioner, "*", "config_template", Kind::Configuration),
    (
        Provisioner,
        "chef-client",
        "validation_key_path",
        Kind::Elsewhere,
    ),
    (Provisioner, "chef-client", "client_key", Kind::Elsewhere),
    (
        Provisioner,
        "salt-masterless",
        "local_state_tree",
        Kind::Configuration,
    ),
    (
        Provisioner,
        "salt-masterless",
        "local_pillar_roots",
        Kind::Configuration,
    ),
    (
        Provisioner,
        "salt-masterless",
        "minion_config",
        Kind::Configuration,
    ),
    (
        Provisioner,
        "salt-masterless",
        "grains_file",
        Kind::Configuration,
    ),
    (Provisioner, "converge", "module_dirs", Kind::Configuration),
    (Provisioner, "inspec", "profile", Kind::Elsewhere),
    (Provisioner, "inspec", "attributes", Kind::Configuration),
    (Provisioner, "goss", "tests", Kind::Configuration),
    (Provisioner, "goss", "vars_file", Kind::Configuration),
    (Provisioner, "goss", "goss_file", Kind::Configuration),
    (Source, "*", "user_data_file", Kind::UserData),
    (Source, "*", "user_data_base64_file", Kind::UserData),
    (Source, "*", "custom_data_file", Kind::UserData),
    (Source, "*", "startup_script_file", Kind::UserData),
    (Source, "*", "cloud_init_file", Kind::UserData),
    (Source, "*", "metadata_files", Kind::FileMap),
    (Source, "*", "http_directory", Kind::Media { glob: false }),
    (Source, "*", "floppy_files", Kind::Media { glob: true }),
    (Source, "*", "floppy_dirs", Kind::Media { glob: true }),
    (Source, "*", "cd_files", Kind::Media { glob: true }),
    (Source, "docker", "path", Kind::Configuration),
    (Source, "docker", "build_dir", Kind::Configuration),
    (Source, "file", "source", Kind::Configuration),
    (Source, "vagrant", "template", Kind::Configuration),
    (Source, "*", "vmx_template_path", Kind::Configuration),
    (Source, "*", "vmx_disk_template_path", Kind::Configuration),
    (Source, "*", "template_path", Kind::Configuration),
    (Source, "*", "source_path", Kind::Elsewhere),
    (Source, "*", "iso_url", Kind::Elsewhere),
    (Source, "*", "iso_urls", Kind::Elsewhere),
    (Source, "*", "iso_checksum", Kind::Elsewhere),
    (Source, "*", "iso_target_path", Kind::Nothing),
    (Source, "*", "output_directory", Kind::Nothing),
    (Source, "*", "firmware", Kind::Elsewhere),
    (Source, "*", "efi_firmware_code", Kind::Elsewhere),
    (Source, "*", "efi_firmware_vars", Kind::Elsewhere),
    (Source, "*", "ssh_private_key_file", Kind::Elsewhere),
    (Source, "*", "ssh_certificate_file", Kind::Elsewhere),
    (Source, "*", "ssh_bastion_private_key_file", Kind::Elsewhere),
    (Source, "*", "account_file", Kind::Elsewhere),
    (Source, "*", "credentials_file", Kind::Elsewhere),
    (Source, "*", "client_cert_path", Kind::Elsewhere),
    (PostProcessor, "*", "script", Kind::Script { list: false }),
    (PostProcessor, "*", "scripts", Kind::Script { list: true }),
    (PostProcessor, "*", "inline", Kind::Inline),
    (PostProcessor, "shell-local", "command", Kind::Inline),
    (
        PostProcessor,
        "vagrant",
        "vagrantfile_template",
        Kind::Configuration,
    ),
    (PostProcessor, "vagrant", "include", Kind::Configuration),
    (PostProcessor, "*", "account_file", Kind::Elsewhere),
    (PostProcessor, "*", "credentials_file", Kind::Elsewhere),
    (PostProcessor, "*", "output", Kind::Nothing),
    (PostProcessor, "*", "output_path", Kind::Nothing),
    (PostProcessor, "*", "inline_shebang", Kind::Nothing),
    (PostProcessor, "artifice", "files", Kind::Nothing),
];

/// What an attribute of a component of type `of` names, if the table says.
pub(super) fn kind(component: Component, of: &str, attribute: &str) -> Option<Kind> {
    TABLE
        .iter()
        .find(|(row, pattern, name, _)| {
            *row == component && *name == attribute && (*pattern == "*" || *pattern == of)
        })
        .map(|(.., kind)| *kind)
}

/// Whether an attribute without a row is named as those that take directories are.
pub(super) fn sounds_like_directory(attribute: &str) -> bool {
    [
        "_dir",
        "_dirs",
        "_directory",
        "_directories",
        "_path",
        "_paths",
        "_folder",
        "_folders",
    ]
    .iter()
    .any(|ending| attribute.ends_with(ending))
}
