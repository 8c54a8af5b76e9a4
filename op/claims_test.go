package op

import (
	"encoding/json"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/storage"
)

// completeUser has every claim.
func completeUser() storage.User {
	return storage.User{
		ID: testUserID, Email: "ada@example.com", EmailVerified: true, Username: "ada", Phone: "+4930123456",
		UpdatedAt: time.Unix(1_700_000_000, 0),
		Profile: storage.Profile{
			Name: "Ada Lovelace", GivenName: "Ada", FamilyName: "Lovelace", MiddleName: "King", Nickname: "Countess",
			Profile: "https://example.com/ada", Picture: "https://example.com/ada.png", Website: "https://ada.example.com",
			Gender: "female", Birthdate: "1815-12-10", Zoneinfo: "Europe/London", Locale: "en-GB",
			Address: &storage.Address{Locality: "London", Country: "UK"},
		},
	}
}

// profileClaims are the fourteen claims of the profile scope (Core 5.4).
var profileClaims = []string{
	"name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile", "picture", "website",
	"gender", "birthdate", "zoneinfo", "locale", "updated_at",
}

func TestUserClaims(t *testing.T) {
	t.Parallel()
	complete, bare := completeUser(), storage.User{ID: testUserID}
	unverified := storage.User{Email: "a@b.example", Phone: "+1"}
	want := func(names ...string) []string { slices.Sort(names); return names }
	for _, tc := range []struct {
		name      string
		user      *storage.User
		scopes    []string
		requested []string
		want      []string
	}{
		{"profile", &complete, []string{"openid", "profile"}, nil, want(slices.Clone(profileClaims)...)},
		{"email", &complete, []string{"email"}, nil, want("email", "email_verified")},
		{"address", &complete, []string{"address"}, nil, want("address")},
		{"phone", &complete, []string{"phone"}, nil, want("phone_number", "phone_number_verified")},
		{"openid alone", &complete, []string{"openid"}, nil, nil},
		{"by name", &complete, []string{"openid"}, []string{"name", "email", "shoe_size", "sub"}, want("email", "name")},
		{"by name and scope", &complete, []string{"email"}, []string{"email"}, want("email", "email_verified")},
		{"of a bare account", &bare, []string{"profile", "email", "address", "phone"}, nil, nil},
		{"unverified", &unverified, []string{"email", "phone"}, nil, want("email", "email_verified", "phone_number", "phone_number_verified")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := plainMaker.userClaims(&client.Client{}, tc.user, tc.scopes, tc.requested)
			var names []string
			for _, c := range got {
				names = append(names, c.name)
			}
			slices.Sort(names)
			if diff := cmp.Diff(tc.want, names); diff != "" {
				t.Errorf("claims differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUserClaims_Values(t *testing.T) {
	t.Parallel()
	user := completeUser()
	raw, err := plainMaker.userClaims(&client.Client{}, &user, []string{"profile", "email", "address", "phone"}, nil).object()
	if err != nil {
		t.Fatalf("encode claims: %v", err)
	}
	var got map[string]any
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatalf("decode claims: %v", err)
	}
	want := map[string]any{
		"name": "Ada Lovelace", "given_name": "Ada", "family_name": "Lovelace", "middle_name": "King", "nickname": "Countess",
		"preferred_username": "ada", "profile": "https://example.com/ada", "picture": "https://example.com/ada.png",
		"website": "https://ada.example.com", "gender": "female", "birthdate": "1815-12-10", "zoneinfo": "Europe/London",
		"locale": "en-GB", "updated_at": float64(1_700_000_000), "email": "ada@example.com", "email_verified": true,
		"phone_number": "+4930123456", "phone_number_verified": false,
		"address": map[string]any{"locality": "London", "country": "UK"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("claims differ (-want +got):\n%s", diff)
	}
}

// plainMaker is that of an installation without claims of its own.
var plainMaker = &maker{issuer: testIssuer, log: slog.New(slog.DiscardHandler)}
