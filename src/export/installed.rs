//! The plug-ins of a running server: exchanged as a whole when formats are looked for again.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use export_sdk::{Look, Registry};

/// The plug-ins there are now.
pub struct Installed {
    now: RwLock<Arc<Registry>>,
    /// Held by whoever looks.
    looking: Mutex<()>,
}

impl Installed {
    /// These, until somebody looks again.
    pub fn new(registry: Registry) -> Self {
        Self { now: RwLock::new(Arc::new(registry)), looking: Mutex::new(()) }
    }

    /// Those there are now. Whoever holds them keeps them, whatever is found meanwhile.
    pub fn now(&self) -> Arc<Registry> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Looks for formats, and returns what there is from now on. Reads files.
    pub fn look(&self, look: Look) -> Arc<Registry> {
        let _only = self.looking.lock().unwrap_or_else(PoisonError::into_inner);
        let found = Arc::new(self.now().look(look));
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&found);
        found
    }
}
