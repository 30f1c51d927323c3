package web

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

// Document is JSON that many ask for and that seldom changes: it is written,
// and compressed, once.
type Document struct{ plain, compressed []byte }

// NewDocument writes v as [WriteJSON] does.
func NewDocument(v any) (*Document, error) {
	text, err := encodeJSON(v)
	if err != nil {
		return nil, err
	}
	d := &Document{plain: text}
	if len(text) < compressFrom {
		return d, nil
	}
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is valid, and the buffer takes everything
	_, _ = z.Write(text)
	_ = z.Close()
	d.compressed = b.Bytes()
	return d, nil
}

// Write answers with the document.
func (d *Document) Write(w http.ResponseWriter, r *http.Request) error {
	h, body := w.Header(), d.plain
	h.Set("Content-Type", jsonType)
	if d.compressed != nil && acceptsGzip(r) {
		body = d.compressed
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
	return nil
}

func encodeJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // the type and nosniff keep it from being HTML
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("write JSON: %w", err)
	}
	return b.Bytes(), nil
}
