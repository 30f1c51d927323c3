// Package actiontoken issues secrets that are mailed or handed out, and
// redeems them: links, the code beside a link, and the number that the asking
// screen shows.
//
// The law of the link: an action token re-enters the flow, it never goes
// around it. Redeeming marks the execution that asked as passed; what follows
// is the flow's.
//
// Verbs: [Issue], [Redeem], [RedeemCode], [RedeemVerifyEmail],
// [RedeemUpdateEmail], [RedeemRevertEmail]; [Code], [AddressCode] and [Number] derive what goes with a login, [CheckCode] and [CheckNumber]
// compare.
//
// Nevers: a token is never stored, only the hash of its secret; a
// code or number is never stored at all; nothing is compared with == (R-015);
// no account is made and nothing about one is told before the mailbox is
// proven.
package actiontoken
