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

	"latchkey"
	"latchkey/internal/web"
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
func (k *Kit) url(name string) string {
	return k.prefix + "/resources/" + k.resources.hash + "/" + name
}

// integrity is the hash of a resource for subresource integrity.
func (k *Kit) integrity(name string) string {
	sum := sha256.Sum256(k.resources.files[name])
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// Routes are the routes of this package: the files that pages load. The
// stylesheet of a realm's own colour is accent-rrggbb.css.
func (k *Kit) Routes() []web.Route {
	return []web.Route{{Pattern: "GET /resources/{hash}/{file}", Class: web.ClassAsset, Handler: k.serveResource}}
}

func (k *Kit) serveResource(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("file")
	data, ok := k.resources.files[name]
	if !ok {
		data, ok = accentSheet(name)
	}
	if !ok || r.PathValue("hash") != k.resources.hash {
		return latchkey.Errorf(latchkey.CodeNotFound, "There is no such file.")
	}
	h := w.Header()
	h.Set("Content-Type", contentTypes[path.Ext(name)])
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	_, err := w.Write(data)
	return err
}

// Resource gives the file at a path that a page names, for pages that are
// written to disk.
func (k *Kit) Resource(urlPath string) ([]byte, bool) {
	name, ok := strings.CutPrefix(urlPath, k.url(""))
	if !ok {
		return nil, false
	}
	if data, ok := k.resources.files[name]; ok {
		return data, true
	}
	return accentSheet(name)
}
