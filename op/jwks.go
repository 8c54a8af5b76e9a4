package op

import "net/http"

const jwksPath = "/jwks"

var jwksEndpoint = endpoint{
	path: jwksPath, member: "jwks_uri",
	mount: func(p *Provider, to routes, path string) { to.documentAt(path, p.serveJWKS) },
}

// serveJWKS serves the public keys, whose bytes the ring prepared when it last
// changed. A relying party may keep them for less time than a new key is
// published before it signs.
func (p *Provider) serveJWKS(w http.ResponseWriter, r *http.Request) {
	set := p.cfg.Keys.JWKS()
	d := p.jwks.Load()
	if d == nil || d.etag[0] != set.ETag {
		d = newDocument(set.Body, set.ETag, set.MaxAge)
		p.jwks.Store(d)
	}
	d.serve(w, r)
}
