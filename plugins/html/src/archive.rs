//! The course of an export: what all pages share, room after room, and the front of them all.

use export_sdk::{ArtifactPath, FormatWriter, Member, Message, Output, Result, Room, Scope, Summary};

use crate::about::About;
use crate::escape::Markup;
use crate::home::Home;
use crate::leaf::Folder;
use crate::room::Pages;
use crate::scratch::Scratch;
use crate::search::Index;
use crate::sheet::Frame;
use crate::source::Source;

/// What every page refers to, once for the whole archive.
const SHARED: [(&str, &str, &str); 3] = [
    ("assets/style.css", "text/css", include_str!("../assets/style.css")),
    ("assets/archive.js", "text/javascript", include_str!("../assets/archive.js")),
    ("user.css", "text/css", include_str!("../assets/user.css")),
];

/// Writes one export.
pub(crate) struct Archive<'run> {
    desk: Desk<'run>,
    room: Option<Pages>,
    /// The front, if there is to be more than one room.
    home: Option<Home>,
}

/// What all rooms are written with.
pub(crate) struct Desk<'run> {
    pub(crate) output: &'run mut dyn Output,
    pub(crate) source: Source,
    pub(crate) search: Index,
    /// The page of messages in the making.
    pub(crate) body: Scratch,
    /// The page of threads in the making.
    aside: Scratch,
}

impl Desk<'_> {
    /// What a page of messages is written with.
    pub(crate) fn frame<'a>(&'a mut self, about: &'a About, folder: &'a Folder) -> Frame<'a> {
        Frame { output: self.output, body: &mut self.body, source: &self.source, about, folder }
    }

    /// What a page of threads is written with.
    pub(crate) fn aside<'a>(&'a mut self, about: &'a About, folder: &'a Folder) -> Frame<'a> {
        Frame { output: self.output, body: &mut self.aside, source: &self.source, about, folder }
    }
}

impl<'run> Archive<'run> {
    pub(crate) fn start(scope: &Scope<'_>, output: &'run mut dyn Output) -> Result<Self> {
        for (path, media_type, content) in SHARED {
            output.create(&ArtifactPath::new(path)?, media_type)?.write_all(content.as_bytes())?;
        }
        let home = if scope.rooms == 1 { None } else { Some(Home::new(Scratch::create(output)?)) };
        let desk = Desk {
            source: Source::of(scope),
            search: Index::start(output)?,
            body: Scratch::create(output)?,
            aside: Scratch::create(output)?,
            output,
        };
        Ok(Self { desk, room: None, home })
    }
}

impl FormatWriter for Archive<'_> {
    fn begin_room(&mut self, room: &Room<'_>, _: &Scope<'_>) -> Result<()> {
        let pages = Pages::start(room, self.home.is_none());
        self.desk.search.begin_room(self.desk.output, pages.slug(), pages.title())?;
        self.room = Some(pages);
        Ok(())
    }

    fn member(&mut self, member: &Member<'_>) -> Result<()> {
        if let Some(room) = &mut self.room {
            room.member(member);
        }
        Ok(())
    }

    fn write(&mut self, message: &Message<'_>) -> Result<()> {
        self.room.as_mut().map_or(Ok(()), |room| room.write(&mut self.desk, message))
    }

    fn end_room(&mut self, summary: &Summary) -> Result<()> {
        let Some(room) = self.room.take() else { return Ok(()) };
        let closed = room.finish(&mut self.desk, summary)?;
        self.home.as_mut().map_or(Ok(()), |home| home.add(&self.desk, &closed, summary))
    }

    fn finish(self: Box<Self>, summary: &Summary) -> Result<()> {
        let Self { mut desk, home, .. } = *self;
        home.map_or(Ok(()), |home| home.finish(&mut desk, summary))?;
        desk.search.finish(desk.output)
    }
}

/// How to find out whether the archive is as it was written.
pub(crate) fn verify(page: &mut Markup) {
    page.tag("<p class=\"verify\">To check that nothing was changed: <code>roomscribe verify FILE.zip</code></p>\n");
}
