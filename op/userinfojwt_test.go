package op

import (
	"net/http"
	"testing"

	"github.com/latchkey-id/latchkey/client"
)

// Userinfo is a signed JWT for a client that is registered for it (Core 5.3.2), of each
// algorithm that there is a key of, and is no other token of ours.
func TestUserinfo_Signed(t *testing.T) {
	t.Parallel()
	for _, alg := range client.SigningAlgs() {
		c := siteClient()
		c.UserInfoAlg = alg
		s := signedInSite(t)
		s.start(s.config([]client.Client{c, robotClient()}))
		token := s.userinfoToken("scope", "openid email")
		w := s.ask(userinfoRequest("GET", "", "", "Bearer "+token))
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "application/jwt" || w.Header().Get("Cache-Control") != "no-store" {
			t.Fatalf("%s: %d %v %s", alg, w.Code, w.Header(), w.Body)
		}
		signed := w.Body.String()
		if _, err := s.provider.cfg.Keys.Verify(t.Context(), signed, "JWT", alg); err != nil {
			t.Errorf("%s: %v", alg, err)
		}
		claims := claimsOf(t, signed)
		if claims["iss"] != testIssuer || claims["aud"] != "wiki" || claims["sub"] != string(testUserID) || claims["email"] != "ada@example.com" || len(claims) != 5 {
			t.Errorf("%s: claims %v", alg, claims)
		}
		if answer := answerAt(t, s.get(authorizePath, authorization("id_token_hint", signed)), testRedirect); answer.Get("error") != "invalid_request" {
			t.Errorf("%s: as a hint: %v", alg, answer)
		}
		if w := s.ask(userinfoRequest("GET", "", "", "Bearer "+signed)); w.Code != http.StatusUnauthorized {
			t.Errorf("%s: as an access token: %d", alg, w.Code)
		}
		if w := s.ask(userinfoRequest("GET", "", "", "Bearer x")); w.Code != http.StatusUnauthorized || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: an error is %d %v", alg, w.Code, w.Header())
		}
	}
}
