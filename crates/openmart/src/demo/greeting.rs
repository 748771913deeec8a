//! What the demo says once it is ready. All but the first line can be pasted into a shell as it is:
//! what is not a command is a comment.

use std::io::{self, Write};

use super::venue::KnownAccount;
use crate::running::Ready;

/// Writes the address and a session with an order that is placed and canceled.
pub(super) fn write(
    out: &mut impl Write,
    ready: &Ready,
    accounts: &[KnownAccount],
) -> io::Result<()> {
    let local_addr = ready.local_addr;
    writeln!(out, "listening on http://{local_addr}")?;
    if let Some((admin_addr, token)) = &ready.admin {
        let token = token.reveal();
        writeln!(out, "\n# What goes wrong here is yours to say:")?;
        writeln!(out, "#   export OPENMART_ADMIN_URL=http://{admin_addr}")?;
        writeln!(out, "#   export OPENMART_ADMIN_TOKEN={token}")?;
        writeln!(out, "#   openmart admin faults list")?;
    }
    writeln!(out, "\n# Accounts:")?;
    for KnownAccount { name, key, secret, memo } in accounts {
        writeln!(out, "#   {name:<6} key {key}  secret {secret}  memo {memo}")?;
    }
    let [KnownAccount { name, key, secret, memo }, ..] = accounts else { return Ok(()) };
    write!(
        out,
        r#"
# Paste this into a shell to place an order as {name} and cancel it:
URL=http://{local_addr}
KEY={key}
SECRET={secret}
MEMO={memo}

# A token: the proof is the signature of key:secret:memo.
PROOF=$(echo -n "$KEY:$SECRET:$MEMO" | openssl dgst -sha256 -hmac "$SECRET" | sed 's/^.* //')
TOKEN=$(curl -s "$URL/v2/authentication" -d grant_type=client_credentials \
  -d "client_id=$KEY" -d "client_secret=$PROOF" | sed 's/.*"access_token":"\([^"]*\)".*/\1/')

# An order that rests in the book: buy 100 BMX at 0.00001 ETH. Its parameters are signed in
# alphabetical order.
SIGNATURE=$(echo -n "amount=100&price=0.00001&side=buy&symbol=BMX_ETH" \
  | openssl dgst -sha256 -hmac "$SECRET" | sed 's/^.* //')
ID=$(curl -s "$URL/v2/orders" -H "Content-Type: application/json" \
  -H "X-BM-AUTHORIZATION: Bearer $TOKEN" -H "X-BM-TIMESTAMP: $(date +%s)000" \
  -H "X-BM-SIGNATURE: $SIGNATURE" \
  -d '{{"amount":"100","price":"0.00001","side":"buy","symbol":"BMX_ETH"}}' \
  | sed 's/.*"entrust_id":\([0-9]*\).*/\1/')

# Cancel it. The answer {{}} means: off the book, its funds free, the fact on disk.
SIGNATURE=$(echo -n "entrust_id=$ID" | openssl dgst -sha256 -hmac "$SECRET" | sed 's/^.* //')
curl -s -X DELETE "$URL/v2/orders/$ID" -w "\n" \
  -H "X-BM-AUTHORIZATION: Bearer $TOKEN" -H "X-BM-TIMESTAMP: $(date +%s)000" \
  -H "X-BM-SIGNATURE: $SIGNATURE"
"#
    )
}
