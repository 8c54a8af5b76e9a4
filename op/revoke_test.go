package op

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

func (n *node) revoke(who as, token string) *answer {
	n.t.Helper()
	return n.post(revocationPath, who, "token", token)
}

func TestTK8_RevokeRefreshToken(t *testing.T) {
	t.Parallel()
	for name, used := range map[string]bool{"live": false, "used": true} {
		t.Run(name, func(t *testing.T) {
			n := newNode(t)
			a := n.signedIn()
			if used {
				n.refresh(asWiki, a.RefreshToken).want(t, http.StatusOK, "")
			}
			n.revoke(asWiki, a.RefreshToken).want(t, http.StatusOK, "")
			n.revoke(asWiki, a.RefreshToken).want(t, http.StatusOK, "")
			if got := n.grant().RevokedReason; got != storage.RevokedByClient {
				t.Errorf("revoked because of %q", got)
			}
			if got := n.events(); !slices.Equal(got, []storage.EventType{storage.EventGrantIssued, storage.EventGrantRevoked}) {
				t.Errorf("events %v", got)
			}
			if _, err := n.provider.checkAccessToken(t.Context(), a.AccessToken); !errors.Is(err, errInvalidToken) {
				t.Errorf("the access token still works: %v", err)
			}
			n.refresh(asWiki, a.RefreshToken).want(t, http.StatusBadRequest, "invalid_grant")
		})
	}
}

func TestTK8_RevokeAccessToken(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	a := n.signedIn()
	n.revoke(asWiki, a.AccessToken).want(t, http.StatusOK, "")
	n.revoke(asWiki, a.AccessToken).want(t, http.StatusOK, "")
	if _, err := n.provider.checkAccessToken(t.Context(), a.AccessToken); !errors.Is(err, errInvalidToken) {
		t.Errorf("the access token still works: %v", err)
	}
	n.refresh(asWiki, a.RefreshToken).want(t, http.StatusOK, "")
}

func TestTK8_RevokeOwnTokenOfAService(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	token := n.post(tokenPath, asRobot, "grant_type", "client_credentials").want(t, http.StatusOK, "").AccessToken
	n.revoke(asRobot, token).want(t, http.StatusOK, "")
	if _, err := n.provider.checkAccessToken(t.Context(), token); !errors.Is(err, errInvalidToken) {
		t.Errorf("the token still works: %v", err)
	}
}

func TestTK8_OwnClientOnly(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	a := n.signedIn()
	for _, token := range []string{a.AccessToken, a.RefreshToken} {
		n.revoke(asApp, token).want(t, http.StatusBadRequest, "invalid_grant")
		n.revoke(basicAuth("wiki", "wrong"), token).want(t, http.StatusUnauthorized, "invalid_client")
	}
	if _, err := n.provider.checkAccessToken(t.Context(), a.AccessToken); err != nil {
		t.Errorf("another client revoked it: %v", err)
	}
	if !n.grant().RevokedAt.IsZero() {
		t.Error("another client revoked the grant")
	}
}

func TestTK8_PublicClientByItsID(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	a := n.exchange(asApp, n.code("app")).want(t, http.StatusOK, "")
	n.revoke(asApp, a.RefreshToken).want(t, http.StatusOK, "")
	if n.grant().RevokedAt.IsZero() {
		t.Error("the grant lives on")
	}
}

func TestTK8_UnknownTokenIsAsGoodAsRevoked(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	a := n.signedIn()
	expired := a.AccessToken
	n.clock.Advance(time.Hour)
	for _, token := range []string{"x", "a.b.c", "lkr_AAAA", "lka_AAAA", a.IDToken, expired} {
		n.revoke(asWiki, token).want(t, http.StatusOK, "")
	}
	n.store.exec(`DELETE FROM grants`)
	n.revoke(asWiki, a.RefreshToken).want(t, http.StatusOK, "")
	n.post(revocationPath, asWiki).want(t, http.StatusBadRequest, "invalid_request")
}

func TestTK8_StoreFailureIsNoSuccess(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	a := n.signedIn()
	n.store.Err.Set(errors.New("down"))
	for _, token := range []string{a.AccessToken, a.RefreshToken} {
		n.revoke(asWiki, token).want(t, http.StatusServiceUnavailable, "temporarily_unavailable")
	}
	n.store.Err.Set(nil)
	n.store.RevokeErr.Set(errors.New("disk full"))
	n.revoke(asWiki, a.RefreshToken).want(t, http.StatusServiceUnavailable, "temporarily_unavailable")
}
