package mailbox

import "net/http"

// Handler is the mailbox page and its API.
func (b *Mailbox) Handler() http.Handler { return http.NewServeMux() }
