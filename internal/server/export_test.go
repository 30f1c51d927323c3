package server

import (
	"net/http"

	"latchkey/internal/web"
)

// WritePair makes a certificate and its key for tests outside of the package.
var WritePair = writePair

// Routes are all that the server answers.
func (s *Server) Routes() []web.Route { return s.house.routes }

// Handler answers as the public listener does.
func (s *Server) Handler() http.Handler { return s.house.handler }
