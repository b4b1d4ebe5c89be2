//! What is known of a server's structures: definitions by data type, data types by encoding.

use std::collections::HashMap;
use std::sync::Arc;

use crate::value::{DataType, NodeId};

/// A structured data type (Part 3, 8.48 `StructureDefinition`).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Definition {
    /// The browse name of the data type.
    pub(crate) name: String,
    pub(crate) id: NodeId,
    /// The id of the binary encoding.
    pub(crate) encoding: NodeId,
    pub(crate) layout: Layout,
    pub(crate) fields: Vec<Field>,
}

/// How the fields follow each other on the wire (Part 6, 5.2.6 to 5.2.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// All of them.
    Plain,
    /// A mask first, which says what optional fields there are.
    Optional,
    /// A number first, which says what one field there is.
    Union,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// How many dimensions; 0 is a single value.
    pub(crate) rank: usize,
    pub(crate) optional: bool,
}

/// What a field holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// A built-in type. `Structure` is a structure that says its type itself.
    BuiltIn(DataType),
    /// A structure of this data type and no other, so that its type is not on the wire.
    Structure(NodeId),
}

impl Kind {
    pub(crate) fn data_type(&self) -> DataType {
        match self {
            Kind::BuiltIn(data_type) => *data_type,
            Kind::Structure(_) => DataType::Structure,
        }
    }
}

/// All definitions of one server that have been asked for so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Types {
    definitions: HashMap<NodeId, Arc<Definition>>,
    /// From the id of an encoding to the data type.
    encodings: HashMap<NodeId, NodeId>,
}

impl Types {
    pub(crate) fn definition(&self, data_type: &NodeId) -> Option<&Arc<Definition>> {
        self.definitions.get(data_type)
    }

    /// The definition of what is encoded so.
    pub(crate) fn encoded(&self, encoding: &NodeId) -> Option<&Arc<Definition>> {
        self.definition(self.encodings.get(encoding)?)
    }

    pub(crate) fn len(&self) -> usize {
        self.definitions.len()
    }

    pub(crate) fn add(&mut self, definition: Definition) {
        if !definition.encoding.is_null() {
            self.encodings.insert(definition.encoding.clone(), definition.id.clone());
        }
        self.definitions.insert(definition.id.clone(), Arc::new(definition));
    }

    /// The encoding of a data type as it was seen; servers do not always tell the right one.
    pub(crate) fn add_encoding(&mut self, encoding: NodeId, data_type: NodeId) {
        if let Some(definition) = self.definitions.get_mut(&data_type) {
            Arc::make_mut(definition).encoding = encoding.clone();
        }
        self.encodings.insert(encoding, data_type);
    }
}
