package mailbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"
)

// A mail's file is one line of JSON, the envelope, and then the mail as it
// came. Its name sorts by time because ids do.
const extension = ".mail"

type envelope struct {
	Time time.Time `json:"time"`
	From string    `json:"from"`
	To   []string  `json:"to"`
}

// save writes the mail's file, whole or not at all.
func (b *Mailbox) save(m Mail, to []string) error {
	if b.opts.Dir == "" {
		return nil
	}
	head, err := json.Marshal(envelope{Time: m.Time, From: m.EnvelopeFrom, To: to})
	if err != nil {
		return fmt.Errorf("mailbox: envelope: %w", err)
	}
	// The mails hold links that sign people in: nobody else reads them.
	if err := os.MkdirAll(b.opts.Dir, 0o700); err != nil {
		return fmt.Errorf("mailbox: %w", err)
	}
	path := b.path(m.ID)
	if err := os.WriteFile(path+".new", append(append(head, '\n'), m.Raw...), 0o600); err != nil {
		return fmt.Errorf("mailbox: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("mailbox: %w", err)
	}
	return nil
}

func (b *Mailbox) remove(id string) {
	if b.opts.Dir == "" {
		return
	}
	if err := os.Remove(b.path(id)); err != nil && !errors.Is(err, os.ErrNotExist) {
		b.log.Warn("mailbox: a mail's file could not be removed", "error", err)
	}
}

func (b *Mailbox) path(id string) string { return filepath.Join(b.opts.Dir, id+extension) }

// load reads the newest mails of the folder; older ones are removed. What is
// no mail of ours is left alone.
func (b *Mailbox) load() {
	if b.opts.Dir == "" {
		return
	}
	entries, err := os.ReadDir(b.opts.Dir)
	if err != nil {
		if !errors.Is(err, os.ErrNotExist) {
			b.log.Error("mailbox: the folder could not be read", "error", err)
		}
		return
	}
	var ids []string
	for _, e := range entries {
		if id, ok := strings.CutSuffix(e.Name(), extension); ok && e.Type().IsRegular() {
			ids = append(ids, id)
		}
	}
	sort.Strings(ids)
	for _, id := range ids {
		m, err := b.read(id)
		if err != nil {
			b.log.Warn("mailbox: a file is no mail", "file", id+extension, "error", err)
			continue
		}
		b.mails = append(b.mails, m)
		b.bytes += len(m.Raw)
	}
	b.trim()
}

func (b *Mailbox) read(id string) (Mail, error) {
	info, err := os.Stat(b.path(id))
	if err != nil {
		return Mail{}, err
	}
	if info.Size() > 2*maxMailBytes {
		return Mail{}, fmt.Errorf("%d bytes are too many", info.Size())
	}
	data, err := os.ReadFile(b.path(id))
	if err != nil {
		return Mail{}, err
	}
	head, raw, _ := bytes.Cut(data, []byte("\n"))
	var env envelope
	if err := json.Unmarshal(head, &env); err != nil {
		return Mail{}, err
	}
	m := parse(raw)
	m.ID, m.Time, m.EnvelopeFrom, m.To = id, env.Time, env.From, strings.Join(env.To, ", ")
	if m.From == "" {
		m.From = env.From
	}
	return m, nil
}
