package login

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/interaction"
	"github.com/latchkey-id/latchkey/internal/web"
)

// brokenClients is a registry whose database does not answer.
type brokenClients struct{}

func (brokenClients) Client(context.Context, string) (*client.Client, error) {
	return nil, errors.New("the database is away")
}

// Whoever signs in while the registry cannot answer is told to try again, and
// not that their sign-in is gone.
func TestARegistryThatDoesNotAnswerIsOurFault(t *testing.T) {
	s := newSite(t, siteOptions{config: func(c *Config) { c.Clients = brokenClients{} }})
	in := interaction.ForRequest(interaction.AuthorizationRequest{ClientID: "wiki"}, s.clock.Now())
	_, err := s.pages.Check(httptest.NewRequest(http.MethodGet, "/authorize", nil), in)
	var page *web.Error
	if !errors.As(err, &page) || page.Status != http.StatusServiceUnavailable {
		t.Errorf("got %v", err)
	}
}
