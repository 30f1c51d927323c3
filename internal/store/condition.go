package store

import (
	"strconv"
	"strings"
)

// condition is a WHERE that is being put together.
type condition struct {
	text strings.Builder
	args []any
}

// inRealm is the condition of everything in a realm.
func inRealm(realmID string) *condition {
	c := &condition{args: []any{realmID}}
	c.text.WriteString("realm_id = $1")
	return c
}

// add adds a condition; each % in it stands for the next argument.
func (c *condition) add(text string, args ...any) {
	c.text.WriteString(" AND ")
	for part := range strings.SplitAfterSeq(text, "%") {
		before, ok := strings.CutSuffix(part, "%")
		c.text.WriteString(before)
		if ok {
			c.args = append(c.args, args[0])
			args = args[1:]
			c.text.WriteString("$" + strconv.Itoa(len(c.args)))
		}
	}
}

// page adds the part of the list that is asked for.
func (c *condition) page(first, limit int) string {
	c.args = append(c.args, limit, max(first, 0))
	n := len(c.args)
	return " LIMIT $" + strconv.Itoa(n-1) + " OFFSET $" + strconv.Itoa(n)
}
