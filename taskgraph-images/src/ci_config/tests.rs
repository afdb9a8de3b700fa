//! Both shapes, from fixtures; and the real files, where somebody names their folder.

use sha2::{Digest as _, Sha256};

use super::fixtures::{community, edit, fxci, lines, load, real, skipped};
use super::{CiConfig, Options};
use crate::tree::{Files as _, MemoryTree, TreePath};

fn pools(config: &CiConfig) -> String {
    let line = |pool: &super::Pool| {
        format!(
            "{} {} {} → {} [{}] level {} {} of {} #{}",
            pool.id,
            pool.provider,
            pool.image.as_deref().unwrap_or("-"),
            pool.resolved.as_deref().unwrap_or("-"),
            pool.regions.join(" "),
            pool.level.map_or("-".to_owned(), |level| level.to_string()),
            pool.implementation.as_deref().unwrap_or("-"),
            pool.trust_domain.as_deref().unwrap_or("-"),
            pool.entry,
        )
    };
    config.pools.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn images(config: &CiConfig) -> String {
    let mut out = String::new();
    for image in config.images.values() {
        let alias = image.alias_of.as_ref();
        out += &format!(
            "{}{}\n",
            image.name,
            alias.map_or_else(String::new, |of| format!(" → {of}"))
        );
        for location in &image.locations {
            out += &format!(
                "  {} ({}): {}\n",
                location.provider, location.cloud, location.reference
            );
            for scalar in location.scalars() {
                out += &format!("    {}: {}\n", scalar.path.join("."), scalar.value);
            }
        }
    }
    out
}

#[test]
fn resolves_pools_of_fxci() {
    let tree = fxci();
    let config = load(&tree);
    insta::assert_snapshot!(lines(&tree, &config.findings), @"");
    insta::assert_snapshot!(pools(&config), @"
    example-1/b-linux example-level1-gcp headless → headless [us-central1 us-west1] level 1 generic-worker/linux of example #0
    example-3/b-linux example-level3-gcp headless → headless [us-central1 us-west1] level 3 generic-worker/linux-trusted of example #0
    example-t/b-linux-docker example-level1-gcp docker-current → docker-2026-08-01 [us-central1 us-west1] level 1 generic-worker/linux of example #0
    example-1/win2022 azure-example win2022 → win2022 [east-us west-us-2] level 1 - of example #1
    example-1/win2022-alpha azure-example win2022-alpha → win2022-alpha [west-us-2] level 1 - of example #1
    example-3/win2022 azure_example_trusted trusted_win2022 → trusted_win2022 [east-us west-us-2] level 3 - of example #1
    proj-fuzzing/aws aws fuzz-linux → fuzz-linux [us-east-1] level - docker-worker of - #2
    proj-fuzzing/windows azure-example fuzz-win → fuzz-win [east-us] level - - of - #3
    example-1/by-hand static - → - [] level 1 - of example #4
    ");
    insta::assert_snapshot!(images(&config), @"
    docker-2026-08-01
      example-level1-gcp (google): projects/example-imaging/global/images/docker-googlecompute-2026-08-01
        docker-2026-08-01.example-level1-gcp: projects/example-imaging/global/images/docker-googlecompute-2026-08-01
    docker-current → docker-latest
    docker-latest → docker-2026-08-01
    fuzz-linux
      aws (aws): us-east-1: ami-00000000000000001, us-west-2: ami-00000000000000002
        fuzz-linux.aws.us-east-1: ami-00000000000000001
        fuzz-linux.aws.us-west-2: ami-00000000000000002
    fuzz-win
      azure-example (azure): east-us: imageset-example-eastus, west-us-2: imageset-example-westus2
        fuzz-win.azure-example.east-us: imageset-example-eastus
        fuzz-win.azure-example.west-us-2: imageset-example-westus2
    headless
      example-level1-gcp (google): projects/example-imaging/global/images/gw-l1-headless-2026-08-01
        headless.example-level1-gcp: projects/example-imaging/global/images/gw-l1-headless-2026-08-01
      example-level3-gcp (google): projects/example-level3-workers/global/images/gw-l3-headless-2026-08-01
        headless.example-level3-gcp: projects/example-level3-workers/global/images/gw-l3-headless-2026-08-01
    trusted_win2022
      azure_example_trusted (azure): trusted_win2022_64 1.2.3 (0123abc)
        trusted_win2022.azure_example_trusted.version: 1.2.3
        trusted_win2022.azure_example_trusted.resource_group: rg-example-images
        trusted_win2022.azure_example_trusted.deployment_id: 0123abc
        trusted_win2022.azure_example_trusted.name: trusted_win2022_64
    win2022
      azure-example (azure): win2022_64 1.2.3 (0123abc)
        win2022.azure-example.version: 1.2.3
        win2022.azure-example.resource_group: rg-example-images
        win2022.azure-example.deployment_id: 0123abc
        win2022.azure-example.name: win2022_64
    win2022-alpha
      azure-example (azure): win2022_64_alpha 1.0.0 (alpha)
        win2022-alpha.azure-example.version: 1.0.0
        win2022-alpha.azure-example.resource_group: rg-example-images
        win2022-alpha.azure-example.deployment_id: alpha
        win2022-alpha.azure-example.name: win2022_64_alpha
    ");
    assert_eq!(
        config.chain("docker-current"),
        ["docker-current", "docker-latest", "docker-2026-08-01"]
    );
}

#[test]
fn resolves_pools_of_community() {
    let tree = community();
    let config = load(&tree);
    insta::assert_snapshot!(lines(&tree, &config.findings), @"config/projects/example.yml:13 ignored-key: the pool `proj-example/ci-aws` says `regions`, which the generator does not read (it uses every region that the image set has an image for)");
    insta::assert_snapshot!(pools(&config), @"
    proj-example/ci community-tc-workers-google linux → linux [us-central1 us-east1] level - - of - #0
    proj-example/ci-aws community-tc-workers-aws linux → linux [us-east-1 us-west-2] level - - of - #1
    proj-example/windows community-tc-workers-azure windows → windows [centralus] level - - of - #2
    proj-example/rack static generic-worker → generic-worker [] level - - of - #3
    ");
    insta::assert_snapshot!(images(&config), @"
    generic-worker
    linux
      community-tc-workers-aws (aws): us-east-1: ami-00000000000000001, us-west-2: ami-00000000000000002
        linux.aws.amis.us-east-1: ami-00000000000000001
        linux.aws.amis.us-west-2: ami-00000000000000002
      community-tc-workers-google (google): projects/example-workers/global/images/linux-aaaabbbbccccdddd
        linux.gcp.image: projects/example-workers/global/images/linux-aaaabbbbccccdddd
    windows
      community-tc-workers-azure (azure): centralus: /subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.Compute/images/imageset-example-centralus
        windows.azure.images.centralus: /subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-example/providers/Microsoft.Compute/images/imageset-example-centralus
    ");
}

/// Each change, and what it leads to; the pools that have nothing to do with it are still there.
#[test]
fn finds_what_the_generator_would_refuse() {
    let cases = [
        (
            "worker-images.yml",
            "docker-latest: docker-2026-08-01",
            "docker-latest: docker-current",
        ),
        (
            "worker-images.yml",
            "docker-latest: docker-2026-08-01",
            "docker-latest: docker-2026-08-0",
        ),
        ("worker-images.yml", "    version: NA\n", ""),
        ("worker-images.yml", "version: 1.2.3", "version: 1.20"),
        ("worker-images.yml", "  aws:", "  aws2:"),
        ("worker-images.yml", "headless:", "odd: [1]\nheadless:"),
        ("worker-pools.yml", "suffix: -docker", "sufix: -docker"),
        (
            "worker-pools.yml",
            "          default: headless",
            "          -d.*: headless\n          -.*: headless",
        ),
        (
            "worker-pools.yml",
            "by-suffix:\n          -docker: docker-current\n",
            "by-suffix:\n",
        ),
        (
            "worker-pools.yml",
            "by-level: {1: azure-example",
            "by-level: {2: azure-example",
        ),
        (
            "worker-pools.yml",
            "by-level: {1: azure-example",
            "by-chain: {1: azure-example",
        ),
        ("worker-pools.yml", "Standard_D8.*:", "'(?=x)':"),
        (
            "worker-pools.yml",
            "proj-fuzzing/{kind}",
            "proj-fuzzing/{kind",
        ),
        (
            "worker-pools.yml",
            "proj-fuzzing/{kind}",
            "proj-fuzzing/{kind!r}",
        ),
        ("worker-pools.yml", "proj-fuzzing/{kind}", "'{kind}x'"),
        (
            "worker-pools.yml",
            "proj-fuzzing/{kind}",
            "proj-fuzzing/{kid}",
        ),
        (
            "worker-pools.yml",
            "proj-fuzzing/windows\n",
            "proj-fuzzing/aws\n    extra: 1\n",
        ),
        (
            "worker-pools.yml",
            "locations: [east-us], image",
            "locations: east-us, image",
        ),
        ("worker-pools.yml", "    config: {}\n", ""),
        (
            "environments.yml",
            "      aws: {implementation: aws}",
            "      aws: {implementation: cloudy}",
        ),
    ];
    let whole = load(&fxci()).pools.len();
    let mut out = String::new();
    for (file, from, to) in cases {
        let tree = edit(fxci(), file, from, to);
        let config = load(&tree);
        out += &format!(
            "{to:?}: {} of {whole} pools\n{}\n",
            config.pools.len(),
            lines(&tree, &config.findings)
        );
    }
    insta::assert_snapshot!(out, @r#"
    "docker-latest: docker-current": 9 of 9 pools
    worker-images.yml:3 alias-cycle: aliases lead in a circle: `docker-current` → `docker-latest` → `docker-current` (let one of them name an image)
    "docker-latest: docker-2026-08-0": 9 of 9 pools
    worker-images.yml:4 unknown-image: `docker-latest` stands for the image `docker-2026-08-0`, which does not exist (did you mean `docker-2026-08-01`?)
    "": 9 of 9 pools
    worker-images.yml:34 missing-key: the image for `azure-example` says no `name`
    worker-images.yml:34 missing-key: the image for `azure-example` says no `version`
    "version: 1.20": 9 of 9 pools
    worker-images.yml:15 misread-value: the generator takes `version`, `1.20`, for a number (quote it)
    "  aws2:": 9 of 9 pools
    worker-images.yml:42 unknown-provider: there is no provider `aws2` in the environment
    "odd: [1]\nheadless:": 9 of 9 pools
    worker-images.yml:8 wrong-type: expected the key of another image, or a map of providers, found a list
    "sufix: -docker": 9 of 9 pools

    "          -d.*: headless\n          -.*: headless": 7 of 9 pools
    worker-pools.yml:32 unresolved: no choice of `image` of `example-1/b-linux` is for `suffix` ``, and there is no `default`
    worker-pools.yml:32 unresolved: no choice of `image` of `example-3/b-linux` is for `suffix` ``, and there is no `default`
    "by-suffix:\n": 6 of 9 pools
    worker-pools.yml:32 unresolved: `image` of `example-1/b-linux` is chosen by `suffix` with nothing but a default (write the value itself)
    worker-pools.yml:32 unresolved: `image` of `example-3/b-linux` is chosen by `suffix` with nothing but a default (write the value itself)
    worker-pools.yml:32 unresolved: `image` of `example-t/b-linux-docker` is chosen by `suffix` with nothing but a default (write the value itself)
    "by-level: {2: azure-example": 7 of 9 pools
    worker-pools.yml:44 unresolved: no choice of `provider_id` of `example-1/win2022-alpha` is for `level` `1`, and there is no `default`
    worker-pools.yml:44 unresolved: no choice of `provider_id` of `example-1/win2022` is for `level` `1`, and there is no `default`
    "by-chain: {1: azure-example": 6 of 9 pools
    worker-pools.yml:44 unresolved: `provider_id` of `example-1/win2022-alpha` is chosen by `chain`, which the variant does not have, and there is no `default`
    worker-pools.yml:44 unresolved: `provider_id` of `example-1/win2022` is chosen by `chain`, which the variant does not have, and there is no `default`
    worker-pools.yml:44 unresolved: `provider_id` of `example-3/win2022` is chosen by `chain`, which the variant does not have, and there is no `default`
    "'(?=x)':": 7 of 9 pools
    worker-pools.yml:52 bad-pattern: `(?=x)` is no pattern that can be read
    "proj-fuzzing/{kind": 8 of 9 pools
    worker-pools.yml:63 bad-format: `proj-fuzzing/{kind` has a `{` without its other half (write `{{` for the sign itself)
    "proj-fuzzing/{kind!r}": 8 of 9 pools
    worker-pools.yml:63 bad-format: `{kind!r}` is more than the name of an attribute, which is all that is read here
    "'{kind}x'": 8 of 9 pools
    worker-pools.yml:63 bad-pool-id: `awsx` is no `<group>/<worker type>`
    "proj-fuzzing/{kid}": 8 of 9 pools
    worker-pools.yml:63 bad-format: `{kid}` names no attribute of the variant
    "proj-fuzzing/aws\n    extra: 1\n": 9 of 9 pools
    worker-pools.yml:70 duplicate-pool: the pool `proj-fuzzing/aws` is declared twice
    worker-pools.yml:71 unknown-key: a pool has no key `extra` (it has: pool_id, description, owner, email_on_error, provider_id, config, attributes, variants)
    "locations: east-us, image": 8 of 9 pools
    worker-pools.yml:75 wrong-type: expected a list of regions, found a string
    "": 8 of 9 pools
    worker-pools.yml:76 missing-key: the pool says no `config`
    "      aws: {implementation: cloudy}": 9 of 9 pools
    environments.yml:6 unknown-implementation: the provider `aws` is implemented by `cloudy` (known are `aws`, `azure` and `google`)
    worker-images.yml:42 unknown-provider: there is no provider `aws` in the environment
    "#);
}

#[test]
fn finds_faults_of_community() {
    let cases = [
        (
            "config/imagesets.yml",
            "    image: projects",
            "    img: projects",
        ),
        (
            "config/imagesets.yml",
            "  azure:\n    images:",
            "  azure:\n    imgs:",
        ),
        (
            "config/projects/example.yml",
            "      imageset: windows",
            "      image: windows",
        ),
        (
            "config/projects/example.yml",
            "cloud: azure",
            "cloud: nebula",
        ),
        (
            "config/projects/none.yml",
            "  grants: []",
            "  workerPools: {a: b}\nx: y: z",
        ),
    ];
    let mut out = String::new();
    for (file, from, to) in cases {
        let tree = edit(community(), file, from, to);
        let config = load(&tree);
        let findings: Vec<_> = config
            .findings
            .into_iter()
            .filter(|f| f.code != "ignored-key")
            .collect();
        out += &format!(
            "{to:?}: {} pools\n{}\n",
            config.pools.len(),
            lines(&tree, &findings)
        );
    }
    insta::assert_snapshot!(out, @r#"
    "    img: projects": 4 pools
    config/imagesets.yml:13 missing-key: `gcp` of `linux` says no `image`
    "  azure:\n    imgs:": 4 pools
    config/imagesets.yml:21 missing-key: `azure` of `windows` says no `images`
    "      image: windows": 3 pools
    config/projects/example.yml:16 missing-key: the pool `proj-example/windows` says no `imageset`
    "cloud: nebula": 3 pools
    config/projects/example.yml:18 unknown-cloud: the pool `proj-example/windows` is on an unknown cloud `nebula` (known are `aws`, `azure`, `gcp` and `static`)
    "  workerPools: {a: b}\nx: y: z": 4 pools
    config/projects/none.yml:3 yaml-syntax: mapping values are not allowed in this context
    "#);
}

#[test]
fn reports_every_file_that_cannot_be_read() {
    let load = |tree: &MemoryTree| match CiConfig::load(tree, &Options::default()) {
        Ok(_) => panic!("expected faults"),
        Err(faults) => lines(tree, &faults),
    };
    let tree = fxci()
        .file("worker-images.yml", "a: *b\n")
        .file("worker-pools.yml", "a: [\n");
    insta::assert_snapshot!(load(&tree), @"
    worker-images.yml:1 yaml-syntax: while parsing node, found unknown anchor
    worker-pools.yml:1 yaml-syntax: unclosed bracket '['
    ");
    insta::assert_snapshot!(load(&MemoryTree::default()), @" no-ci-config: the root holds no configuration of worker pools (expected `worker-images.yml` and `worker-pools.yml` (fxci-config), or `imagesets.yml`, maybe in `config/` (community-tc-config))");
}

#[test]
fn takes_the_environment_and_levels_that_are_asked_for() {
    let options = Options {
        environment: Some("production".to_owned()),
        levels: [("azure-example".to_owned(), crate::transforms::Level::Three)].into(),
        ..Options::default()
    };
    let config = CiConfig::load(&fxci(), &options).unwrap();
    let pool = config
        .pools
        .iter()
        .find(|pool| pool.id == "example-1/win2022")
        .unwrap();
    assert_eq!(pool.level, Some(crate::transforms::Level::Three));
    let options = Options {
        environment: Some("prod".to_owned()),
        ..Options::default()
    };
    let tree = fxci();
    let config = CiConfig::load(&tree, &options).unwrap();
    insta::assert_snapshot!(lines(&tree, &config.findings), @"environments.yml:2 no-environment: there is no environment `prod` (there are: `production`, `staging`)");
    // Then what images say tells the clouds.
    let cloud = config
        .pools
        .iter()
        .map(|pool| pool.cloud.map_or("-", |cloud| cloud.as_str()));
    insta::assert_snapshot!(cloud.collect::<Vec<_>>().join(" "), @"google google google azure azure azure aws azure -");
}

/// Whether a file is the one that a test was written for.
fn is_known(tree: &MemoryTree, file: &str, sha256: &str) -> bool {
    let content = tree.read(&TreePath::parse(file).unwrap()).unwrap();
    let known = hex(&content) == sha256;
    if !known {
        skipped(&format!("{file} is of another revision than the test"));
    }
    known
}

fn hex(content: &[u8]) -> String {
    let digest = Sha256::digest(content);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The digest is of what the generator's own code made of the revision a1b78fc6 of fxci-config, a line each pool.
#[test]
fn agrees_with_the_generator_on_the_real_files() {
    let Some(tree) = real("fxci-config") else {
        return;
    };
    let config = load(&tree);
    insta::assert_snapshot!(lines(&tree, &config.findings), @"");
    let mut pools: Vec<String> = config
        .pools
        .iter()
        .map(|pool| {
            let of = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
            let (image, resolved) = (of(&pool.image), of(&pool.resolved));
            let (regions, implementation) = (pool.regions.join(","), of(&pool.implementation));
            format!(
                "{}\t{}\t{image}\t{resolved}\t{regions}\t{implementation}\n",
                pool.id, pool.provider
            )
        })
        .collect();
    pools.sort();
    if is_known(
        &tree,
        "worker-pools.yml",
        "7d097d684c23a406c61f71ef272bb7c85d72a4077a615a5a82a411faa321e2f0",
    ) {
        let aliases = config
            .images
            .values()
            .filter(|image| image.alias_of.is_some());
        assert_eq!((config.images.len(), aliases.count()), (37, 1));
        assert_eq!((config.entries.len(), config.pools.len()), (79, 384));
        assert_eq!(
            hex(pools.concat().as_bytes()),
            "42be5e955c72d5787815a018e136dc4b76fe2a1aa6007ab382bb5436d418ee3a"
        );
    }
}

#[test]
fn reads_the_real_files_of_community() {
    let Some(tree) = real("community-tc-config") else {
        return;
    };
    let config = load(&tree);
    insta::assert_snapshot!(lines(&tree, &config.findings), @"");
    assert!(config.pools.iter().all(|pool| pool.resolved.is_some()));
    assert!(config.images.len() >= 10 && config.pools.len() >= 50);
}
