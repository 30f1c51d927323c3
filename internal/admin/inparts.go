package admin

import (
	"bytes"
	"encoding/json"
	"math"
)

// atOnce is how many of a long list are in memory together.
const atOnce = 500

// inParts answers with the part of a list that the query asks for (most, when
// it does not say), read and written some hundred at a time: however long it
// is, memory is that of one part. What goes wrong with the first part is
// answered; later the answer is no whole JSON, so that nobody takes it for the list.
func inParts[T any](c *call, most int, read func(first, limit int) ([]T, error)) error {
	first, limit, err := c.page(most)
	if err != nil {
		return err
	}
	if limit == everything {
		limit = math.MaxInt
	}
	list, err := read(first, min(limit, atOnce))
	if err != nil {
		return err
	}
	if len(list) < atOnce || limit == atOnce {
		return c.answer(append([]T{}, list...))
	}
	c.w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	var b bytes.Buffer
	for sent := 0; ; {
		for _, one := range list {
			text, err := json.Marshal(one)
			if err != nil {
				return err
			}
			b.WriteByte(map[bool]byte{true: '[', false: ','}[sent == 0])
			b.Write(text)
			sent++
		}
		if _, err := b.WriteTo(c.w); err != nil {
			return nil //nolint:nilerr // nobody is there to hear of it
		}
		if len(list) < atOnce || sent >= limit {
			break
		}
		if list, err = read(first+sent, min(limit-sent, atOnce)); err != nil {
			return err
		}
	}
	_, err = c.w.Write([]byte("]\n"))
	return err
}
