//! Counts that are listed once: to add them up and to name them.

macro_rules! counts {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Counts over one or many seeds.
        #[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
        pub struct Tally {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl Tally {
            /// Adds the counts of another run.
            pub fn add(&mut self, other: &Self) {
                $(self.$name += other.$name;)*
            }

            /// All counts with their names.
            pub fn named(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($name), self.$name),)*]
            }
        }
    };
}

pub(crate) use counts;
