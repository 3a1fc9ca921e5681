//! Where old tasks are kept when they leave the database: a folder of files, a line of JSON for each task.

mod line;

use std::io;
use std::path::PathBuf;

use async_trait::async_trait;
use drydock_core::journal::Cause;
use drydock_workflow::{Archive, ArchivePages};
use tokio::fs::{self, File};
use tokio::io::{AsyncWriteExt as _, BufWriter};

/// A folder for old tasks. What goes together is one file, `NAME.ndjson`, which is there as a whole and on the disk, or not at all; what
/// comes again under its name takes its place.
pub(crate) struct FolderArchive {
    folder: PathBuf,
}

impl FolderArchive {
    /// Makes the folder where it is missing.
    pub(crate) async fn open(folder: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&folder).await?;
        Ok(Self { folder })
    }
}

#[async_trait]
impl Archive for FolderArchive {
    async fn keep(&self, pages: &mut ArchivePages<'_>) -> Result<(), Cause> {
        let name = pages.name();
        // Two servers may do it at once, for a moment.
        let part = self.folder.join(format!("{name}.{}.part", std::process::id()));
        let mut file = BufWriter::new(File::create(&part).await?);
        while let Some(page) = pages.next().await? {
            for task in &page {
                let mut text = serde_json::to_vec(&line::line(task))?;
                text.push(b'\n');
                file.write_all(&text).await?;
            }
        }
        file.flush().await?;
        file.get_ref().sync_all().await?;
        fs::rename(&part, self.folder.join(format!("{name}.ndjson"))).await?;
        // The name is on the disk when the folder is.
        File::open(&self.folder).await?.sync_all().await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use drydock_core::InstanceName;
    use drydock_store::{MemoryStore, repo::TaskRepo as _};
    use drydock_workflow::testing::TokioClock;
    use drydock_workflow::{Engine, Outcome, Retention, WorkflowBuilder, step_fn};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_leaves_the_database_is_a_line_of_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let kept = folder.path().join("old/tasks");
        let archive = FolderArchive::open(kept.clone()).await.unwrap();
        let mut builder = WorkflowBuilder::<u32>::new("double", 3);
        let input = builder.input();
        let body = step_fn(|_, n: u32| async move { Ok(Outcome::Done(n * 2)) });
        let double = builder.step("double", body).run(&input);
        let workflow = builder.output(&double).unwrap();
        let store = Arc::new(MemoryStore::new());
        let retention = Retention {
            usual: Some(Duration::from_mins(1)),
            every: Duration::from_secs(5),
            archive: Some(Arc::new(archive)),
            ..Retention::default()
        };
        let engine = Engine::builder(store.clone(), InstanceName::new("a").unwrap())
            .clock(TokioClock::new())
            .workflow(&workflow)
            .retention(store.clone(), retention);
        let engine = engine.start().await.unwrap();
        let task = engine.task(&workflow, &21).label("rack", "r7").submit().await.unwrap();
        engine.wait(task).await.unwrap();
        // The files are written by other threads, for which paused time does not wait.
        while store.task_get(task).await.unwrap().is_some() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let files: Vec<_> = std::fs::read_dir(&kept).unwrap().map(|entry| entry.unwrap().path()).collect();
        let [file] = &*files else { panic!("{files:?}") };
        assert_eq!(file.extension().unwrap(), "ndjson");
        let text = std::fs::read_to_string(file).unwrap();
        let line: serde_json::Value = serde_json::from_str(text.strip_suffix('\n').unwrap()).unwrap();
        assert_eq!(line["id"], task.to_string());
        assert_eq!((&line["workflow"], &line["version"]), (&"double".into(), &3.into()));
        assert_eq!((&line["input"], &line["labels"]["rack"]), (&21.into(), &"r7".into()));
        assert_eq!((&line["end"]["kind"], &line["end"]["output"]), (&"completed".into(), &42.into()));
        assert_eq!(
            (&line["checkpoints"][0]["step"], &line["checkpoints"][0]["output"]),
            (&"double".into(), &42.into())
        );
    }
}
