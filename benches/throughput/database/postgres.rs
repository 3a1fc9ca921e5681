//! Stand-in.
use super::*;
pub(super) async fn open(args: &Args) -> Result<Bench, Failure> {
    let cluster = cluster::Cluster::start(args.folder.as_deref())?;
    let admin = <sqlx::PgConnection as sqlx::Connection>::connect(&cluster.url()).await?;
    let _x = (Ground::Cluster(cluster), Ground::Server { admin, name: String::new() });
    Err("not yet".into())
}
pub(super) async fn remove(_: sqlx::PgConnection, _: &str) -> Result<(), Failure> {
    Ok(())
}
