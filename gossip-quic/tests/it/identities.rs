//! Whoever cannot prove a node of our cluster never comes up, on either end.

use std::time::Duration;

use gossip_quic::pki::{CertificateKind, describe, write_certificate, write_key};
use gossip_quic::{
    CredentialPaths, Credentials, CredentialsError, DialError, IdentityError, KeyAlgorithm, Target,
    Warning,
};

use crate::common::{Node, Pki, config, eventually, id, pair};

/// `dialer` dials `listener` in vain; neither host ever hears `Up`.
async fn refused(mut dialer: Node, mut listener: Node, target: Target) -> DialError {
    refused_by(&mut dialer, &mut listener, target).await
}

async fn refused_by(dialer: &mut Node, listener: &mut Node, target: Target) -> DialError {
    let why = dialer.dialed(target).await.unwrap_err();
    let failed = || listener.counters().handshakes_failed > 0;
    eventually("the listener to give up", failed).await;
    let (dialer_id, listener_id) = (dialer.id.clone(), listener.id.clone());
    assert_eq!(dialer.ups_and_downs(&listener_id), (0, 0));
    assert_eq!(listener.ups_and_downs(&dialer_id), (0, 0));
    assert_eq!(
        (dialer.endpoint.peers(), listener.endpoint.peers()),
        (vec![], vec![])
    );
    why
}

#[tokio::test]
async fn the_dialer_refuses_another_authority() {
    let (ours, theirs) = (Pki::new("main"), Pki::new("main"));
    let (dialer, listener) = (ours.start("a"), theirs.start("b"));
    let target = listener.target();
    let why = refused(dialer, listener, target).await;
    assert!(
        matches!(why, DialError::CertificateInvalid { .. }),
        "{why:?}"
    );
}

#[tokio::test]
async fn the_listener_refuses_another_authority() {
    let (ours, theirs) = (Pki::new("main"), Pki::new("main"));
    // The impostor believes us, but its own certificate is from elsewhere.
    let issued = theirs.issue("a");
    let both = format!("{}{}", ours.0.certificate_pem(), theirs.0.certificate_pem());
    let credentials = Credentials::from_pem(
        issued.chain_pem.as_bytes(),
        issued.key_pem.as_bytes(),
        both.as_bytes(),
    );
    let dialer = Node::start(id("a"), config(1), credentials.unwrap());
    let listener = ours.start("b");
    let target = listener.target();
    let why = refused(dialer, listener, target).await;
    assert!(matches!(why, DialError::HandshakeRefused { .. }), "{why:?}");
}

#[tokio::test]
async fn another_cluster_of_the_same_authority_is_refused_both_ways() {
    let main = Pki::new("main");
    let other = main.other_cluster("other");
    for (ours, theirs) in [(&main, &other), (&other, &main)] {
        let (mut dialer, mut listener) = (ours.start("a"), theirs.start("b"));
        let target = listener.target();
        let why = refused_by(&mut dialer, &mut listener, target).await;
        for end in [&dialer, &listener] {
            assert_eq!(end.counters().refused_other_cluster, 1, "{}", end.id);
        }
        let theirs = theirs.issue("x").identity.cluster().to_string();
        assert!(
            matches!(&why, DialError::WrongCluster { found, .. } if *found == theirs),
            "{why:?}"
        );
    }
}

#[tokio::test]
async fn another_node_than_the_one_dialed_is_refused() {
    let pki = Pki::new("main");
    let (dialer, listener) = (pki.start("a"), pki.start("b"));
    let target = Target::member(id("c"), [listener.addr()]);
    let why = refused(dialer, listener, target).await;
    assert!(
        matches!(&why, DialError::WrongNode { expected, found, .. }
            if *expected == id("c") && *found == id("b")),
        "{why:?}"
    );
}

#[tokio::test]
async fn our_own_name_on_the_other_end_is_refused() {
    let pki = Pki::new("main");
    let (mut first, second) = (pki.start("a"), pki.start("a"));
    let why = first
        .dialed(Target::seed("twin", [second.addr()]))
        .await
        .unwrap_err();
    assert!(matches!(why, DialError::OwnIdentity { .. }), "{why:?}");
    let own = first.addr();
    let why = first.dialed(Target::seed("self", [own])).await.unwrap_err();
    assert!(matches!(why, DialError::OwnIdentity { .. }), "{why:?}");
    assert!(first.endpoint.peers().is_empty());
}

#[tokio::test]
async fn a_certificate_that_expires_meanwhile_is_refused() {
    let pki = Pki::new("main");
    let brief = Duration::from_secs(2);
    let issued = pki.0.issue(&id("a"), brief, KeyAlgorithm::P256).unwrap();
    let dialer = Node::start(id("a"), config(1), pki.believing(&issued));
    let listener = pki.start("b");
    // A certificate counts whole seconds; a second more and it is over everywhere.
    let over = || {
        issued
            .not_after
            .elapsed()
            .is_ok_and(|ago| ago > Duration::from_secs(1))
    };
    eventually("the certificate to expire", over).await;
    let target = listener.target();
    let why = refused(dialer, listener, target).await;
    assert!(matches!(why, DialError::HandshakeRefused { .. }), "{why:?}");

    let again = Credentials::from_pem(
        issued.chain_pem.as_bytes(),
        issued.key_pem.as_bytes(),
        pki.0.certificate_pem().as_bytes(),
    );
    assert!(
        matches!(again, Err(CredentialsError::Expired { .. })),
        "{again:?}"
    );
}

#[tokio::test]
async fn both_algorithms_meet_and_credentials_can_be_exchanged() {
    let pki = Pki::new("main");
    let (mut a, mut b) = pair(&pki).await;
    let p256 = pki
        .0
        .issue(&id("a"), Duration::from_secs(86_400), KeyAlgorithm::P256)
        .unwrap();
    a.endpoint
        .replace_credentials(pki.believing(&p256))
        .unwrap();
    assert_eq!(a.endpoint.peers().len(), 1, "the live connection stays");
    a.endpoint
        .disconnect(&b.id, "to come back with the new certificate");
    b.until_down(&id("a")).await;
    a.until_down(&id("b")).await;
    assert_eq!(a.dialed(b.target()).await, Ok(id("b")));
    a.endpoint
        .replace_credentials(pki.credentials("c"))
        .unwrap_err();
}

/// A certificate with these URI names, from a signer of its own making.
fn odd_certificate(uris: &[&str]) -> (String, String) {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::default();
    params.subject_alt_names = uris
        .iter()
        .map(|uri| rcgen::SanType::URI((*uri).try_into().unwrap()))
        .collect();
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

#[test]
fn what_is_wrong_with_credentials_is_said() {
    let pki = Pki::new("main");
    let authority = pki.0.certificate_pem().as_bytes();
    let load = |chain: &str, key: &str| {
        Credentials::from_pem(chain.as_bytes(), key.as_bytes(), authority).unwrap_err()
    };
    let one = pki.issue("a");
    let uri = one.identity.to_string();

    let (pem, key) = odd_certificate(&[&uri, "spiffe://test.example/gossip/main/b"]);
    let two_names = IdentityError::SeveralNames { count: 2 };
    assert!(
        matches!(load(&pem, &key), CredentialsError::Identity { reason, .. } if reason == two_names)
    );
    let (pem, key) = odd_certificate(&[]);
    assert!(matches!(
        load(&pem, &key),
        CredentialsError::Identity {
            reason: IdentityError::NoName,
            ..
        }
    ));
    let (pem, key) = odd_certificate(&[&uri]);
    assert!(matches!(load(&pem, &key), CredentialsError::Chain { .. }));
    assert!(matches!(
        load("", &one.key_pem),
        CredentialsError::NotPem { .. }
    ));
    assert!(matches!(
        load(&one.chain_pem, "no key"),
        CredentialsError::NotPem { .. }
    ));
    let other_key = pki.issue("a").key_pem;
    assert!(matches!(
        load(&one.chain_pem, &other_key),
        CredentialsError::KeyMismatch { .. }
    ));
    let (ca, ca_key) = (pki.0.certificate_pem().to_owned(), pki.0.key_pem());
    assert!(matches!(
        load(&ca, &ca_key),
        CredentialsError::IsAuthority { .. }
    ));

    let good = pki.believing(&one);
    assert_eq!(good.expect(Some("main"), Some("a")), Ok(()));
    assert!(matches!(
        good.expect(Some("x"), None),
        Err(CredentialsError::OtherCluster { .. })
    ));
    assert!(matches!(
        good.expect(None, Some("x")),
        Err(CredentialsError::OtherNode { .. })
    ));
}

#[test]
fn files_are_checked_and_a_readable_key_is_a_warning() {
    let (folder, pki) = (tempfile::tempdir().unwrap(), Pki::new("main"));
    let issued = pki.issue("eu/1/n1");
    let path = |name: &str| folder.path().join(name);
    let paths = CredentialPaths {
        chain: path("n.pem"),
        key: path("n.key"),
        authorities: path("ca.pem"),
    };

    let missing = Credentials::from_files(&paths).unwrap_err();
    assert!(missing.to_string().contains("n.pem"), "{missing}");
    write_certificate(&paths.chain, &issued.chain_pem).unwrap();
    write_certificate(&paths.authorities, pki.0.certificate_pem()).unwrap();
    write_key(&paths.key, &issued.key_pem).unwrap();
    let loaded = Credentials::from_files(&paths).unwrap();
    assert_eq!(loaded.identity(), &issued.identity);
    assert_eq!(loaded.warnings(), []);

    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&paths.key, std::fs::Permissions::from_mode(0o644)).unwrap();
        let loaded = Credentials::from_files(&paths).unwrap();
        let want = Warning::KeyReadable {
            path: paths.key.clone(),
            mode: 0o644,
        };
        assert_eq!(loaded.warnings(), [want]);
    }
}

#[test]
fn a_certificate_describes_itself() {
    let pki = Pki::new("main");
    let authority = describe(pki.0.certificate_pem().as_bytes()).unwrap();
    assert_eq!(authority.kind, CertificateKind::Authority);
    assert_eq!(authority.uri, "spiffe://test.example");
    assert_eq!(authority.algorithm, "ed25519");
    for (algorithm, name) in [
        (KeyAlgorithm::P256, "p256"),
        (KeyAlgorithm::Ed25519, "ed25519"),
    ] {
        let issued = pki
            .0
            .issue(&id("eu/n1"), Duration::from_secs(3_600), algorithm)
            .unwrap();
        let node = describe(issued.chain_pem.as_bytes()).unwrap();
        assert_eq!(node.kind, CertificateKind::Node);
        assert_eq!(node.identity.as_ref(), Some(&issued.identity));
        assert_eq!(node.algorithm, name);
        assert_eq!(node.fingerprint.len(), 64);
        assert!(!node.serial.is_empty());
        assert!(node.not_before < node.not_after && node.not_after <= authority.not_after);
    }
    let long = pki
        .0
        .issue(
            &id("n"),
            Duration::from_secs(999 * 86_400),
            KeyAlgorithm::P256,
        )
        .unwrap();
    let capped = describe(long.chain_pem.as_bytes()).unwrap();
    assert_eq!(
        capped.not_after, authority.not_after,
        "no leaf outlives its authority"
    );
    describe(b"nothing").unwrap_err();
}
