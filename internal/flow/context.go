package flow

import (
	"latchkey"
)

// User gives the login's user, nil while nobody is known. It is read once a
// context.
func (c *Context) User() (*latchkey.User, error) {
	if c.Login.UserID == "" {
		return nil, nil
	}
	if c.user != nil && c.user.ID == c.Login.UserID {
		return c.user, nil
	}
	u, err := c.Tx.User(c.Login.RealmID, c.Login.UserID)
	if latchkey.ErrorCode(err) == latchkey.CodeNotFound {
		return nil, nil // deleted meanwhile: nobody is known
	}
	if err != nil {
		return nil, err
	}
	c.user = u
	return u, nil
}

// SetUser says who it is.
func (c *Context) SetUser(u *latchkey.User) {
	c.user = u
	if u == nil {
		c.Login.Become("")
		return
	}
	c.Login.Become(u.ID)
}

// Note gives a note of this execution, which no other execution can see: the
// state of one step cannot finish another.
func (c *Context) Note(name string) string { return c.Login.Note(c.noteKey(name)) }

// SetNote sets a note of this execution; an empty value removes it.
func (c *Context) SetNote(name, value string) { c.Login.SetNote(c.noteKey(name), value) }

func (c *Context) noteKey(name string) string {
	if c.Execution != nil {
		return c.Execution.ID + "." + name
	}
	return c.Login.Action + "." + name
}
