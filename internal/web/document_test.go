package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestDocument(t *testing.T) {
	for _, size := range []int{10, 5000} {
		d, err := NewDocument(map[string]string{"a": "<" + strings.Repeat("x", size)})
		if err != nil {
			t.Fatal(err)
		}
		for _, accept := range []string{"", "gzip"} {
			for _, method := range []string{"GET", "HEAD"} {
				w, r := httptest.NewRecorder(), httptest.NewRequest(method, "/", nil)
				r.Header.Set("Accept-Encoding", accept)
				if err := d.Write(w, r); err != nil {
					t.Fatal(err)
				}
				packed := w.Header().Get("Content-Encoding") == "gzip"
				if packed != (accept == "gzip" && size > compressFrom) || w.Header().Get("Content-Type") != jsonType {
					t.Errorf("%d bytes, %s, accepts %q: %v", size, method, accept, w.Header())
				}
				var body io.Reader = bytes.NewReader(w.Body.Bytes())
				if method == "HEAD" {
					if w.Body.Len() > 0 {
						t.Error("a body for HEAD")
					}
					continue
				}
				if packed {
					if body, err = gzip.NewReader(body); err != nil {
						t.Fatal(err)
					}
				}
				text, err := io.ReadAll(body)
				if want := `{"a":"<` + strings.Repeat("x", size) + "\"}\n"; err != nil || string(text) != want {
					t.Errorf("%d bytes, %v", len(text), err)
				}
			}
		}
	}
	if _, err := NewDocument(func() {}); err == nil {
		t.Error("a function was written")
	}
}

// JSON that says how long it is is compressed from eight kilobytes on.
func TestSmallJSONIsNotCompressed(t *testing.T) {
	for size, want := range map[int]string{3000: "", 9000: "gzip"} {
		w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Accept-Encoding", "gzip")
		rec := newRecorder(w, r)
		if err := WriteJSON(rec, 200, strings.Repeat("x", size)); err != nil {
			t.Fatal(err)
		}
		rec.finish()
		if got := w.Header().Get("Content-Encoding"); got != want {
			t.Errorf("%d bytes: %q", size, got)
		}
	}
}
