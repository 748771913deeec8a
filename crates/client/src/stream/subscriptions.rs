//! What a stream follows, whatever becomes of its connections.

use openmart_wire::bitmart_v2::stream::{Channel, ChannelRequest};

/// Requests in the order they were made, none twice.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    requests: Vec<ChannelRequest>,
}

impl Subscriptions {
    pub(super) fn add(&mut self, request: &ChannelRequest) {
        if !self.requests.contains(request) {
            self.requests.push(request.clone());
        }
    }

    /// Removes every request that an unsubscribe ends: a precision or step that it does not name
    /// means all of them.
    pub(super) fn remove(&mut self, ended: &ChannelRequest) {
        self.requests.retain(|request| {
            request.symbol != ended.symbol || !covers(ended.channel, request.channel)
        });
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &ChannelRequest> {
        self.requests.iter()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }
}

fn covers(ended: Channel, channel: Channel) -> bool {
    match (ended, channel) {
        (Channel::Price, Channel::Price) => true,
        (Channel::Kline { step: ended }, Channel::Kline { step }) => {
            ended.is_none() || ended == step
        }
        (Channel::Depth { precision: ended }, Channel::Depth { precision })
        | (Channel::Trade { precision: ended }, Channel::Trade { precision }) => {
            ended.is_none() || ended == precision
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(channel: Channel, symbol: &str) -> ChannelRequest {
        ChannelRequest { channel, symbol: symbol.to_owned() }
    }

    #[test]
    fn an_unsubscribe_ends_what_it_names_and_nothing_else() {
        let depth = |precision| request(Channel::Depth { precision }, "A_B");
        let all = [
            depth(Some(2)),
            depth(Some(4)),
            depth(None),
            request(Channel::Trade { precision: None }, "A_B"),
            request(Channel::Depth { precision: Some(2) }, "C_D"),
            request(Channel::Kline { step: Some(5) }, "A_B"),
            request(Channel::Price, "A_B"),
        ];
        let left_after = |ended: &ChannelRequest| {
            let mut subscriptions = Subscriptions::default();
            for request in all.iter().chain(&all) {
                subscriptions.add(request);
            }
            subscriptions.remove(ended);
            subscriptions.iter().cloned().collect::<Vec<_>>()
        };
        assert_eq!(left_after(&depth(Some(3))), all);
        assert_eq!(left_after(&depth(Some(2))), all[1..]);
        assert_eq!(left_after(&depth(None)), all[3..]);
        assert_eq!(left_after(&request(Channel::Kline { step: None }, "A_B")).len(), 6);
        assert_eq!(left_after(&request(Channel::Price, "A_B")), all[..6]);
    }
}
