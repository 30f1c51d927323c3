// Package user makes and closes accounts: one road for each, so that nobody
// forgets a default role or leaves a session behind.
//
// Verbs: [Blank] and [Create] make an account with what every new user of the
// realm has (required actions, the default role, default groups), [Register]
// makes one for a person who came by themselves and says so; [Disable] and
// [Delete] end everything that lets the user in, in the same transaction
// . [Change], [SignOut] and [SetCredential] are an administrator's
// changes. [ChangeAddress] and [RevertAddress] give it another address and the
// earlier one back, [VoidLinks] closes what was mailed to an earlier one,
// [AddCredential] and [RemoveCredential] a way to sign in, and [Notify] tells
// its owner. An import makes users as its file says and does not come here.
//
// Nevers: an account is made for nobody who has not proven the mailbox, unless
// an administrator, or the operator's own setting, says so; the hash
// of a password is never made here, inside a transaction.
package user
