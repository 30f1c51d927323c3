package page

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"path"
	"sort"
	"strings"
)

//go:embed resources/*
var resourceFiles embed.FS

// resources are the files that pages load. All stand under one hash over all
// of them, so a URL never changes its content.
type resources struct {
	hash  string
	files map[string][]byte
}

var contentTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

func loadResources() *resources {
	r := &resources{files: map[string][]byte{}}
	entries, err := resourceFiles.ReadDir("resources")
	if err != nil {
		panic("page: " + err.Error()) // embedded: cannot be
	}
	var names []string
	for _, e := range entries {
		data, err := resourceFiles.ReadFile("resources/" + e.Name())
		if err != nil {
			panic("page: " + err.Error())
		}
		r.files[e.Name()] = data
		names = append(names, e.Name())
	}
	sort.Strings(names)
	h := sha256.New()
	for _, name := range names {
		h.Write([]byte(name))
		h.Write(r.files[name])
	}
	r.hash = hex.EncodeToString(h.Sum(nil))[:16]
	return r
}

// url is the path of a resource.
func (k *Kit) url(name string) string { return k.prefix + "/resources/" + k.resources.hash + "/" + name }

// integrity is the hash of a resource for subresource integrity.
func (k *Kit) integrity(name string) string {
	sum := sha256.Sum256(k.resources.files[name])
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// Resources serves GET /resources/{hash}/{file}. The stylesheet of a realm's
// own colour is accent-rrggbb.css.
func (k *Kit) Resources(w http.ResponseWriter, r *http.Request) {
	dir, name := path.Split(strings.TrimPrefix(r.URL.Path, k.prefix))
	data, ok := k.resources.files[name]
	if !ok {
		data, ok = accentSheet(name)
	}
	if !ok || dir != "/resources/"+k.resources.hash+"/" {
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, "There is no such file.", http.StatusNotFound)
		return
	}
	h := w.Header()
	h.Set("Content-Type", contentTypes[path.Ext(name)])
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	if ext := path.Ext(name); ext != ".svg" {
		h.Set("Content-Security-Policy", "default-src 'none'")
	}
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(data) // the client is gone: nobody to tell
	}
}
