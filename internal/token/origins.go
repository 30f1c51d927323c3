package token

import "latchkey"

// Origins gives the web origins of the client that are let read answers, of
// all the realm's clients when client is nil: for what is public, and for
// errors that belong to no client. Clients that are switched off have
// none.
func Origins(snap *latchkey.Snapshot, client *latchkey.Client, base string) (list []string) {
	clients := snap.Clients
	if client != nil {
		clients = []*latchkey.Client{client}
	}
	for _, c := range clients {
		if c.Enabled {
			list = append(list, WebOrigins(c, base)...)
		}
	}
	return list
}
