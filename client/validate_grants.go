package client

import ()

func (v *validation) authentication() {
	none := v.AuthMethod == AuthMethodNone
	switch {
	case v.Type.KeepsNoSecret() && !none:
		v.add("token_endpoint_auth_method", "a %s client cannot keep a secret; use none, or type confidential if it runs on a server", v.Type)
	case !v.Type.KeepsNoSecret() && none:
		v.add("token_endpoint_auth_method", "a %s client has to authenticate; use client_secret_basic or client_secret_post, or type public or native", v.Type)
	}
	if v.RequirePKCE != nil && !*v.RequirePKCE && none {
		v.add("require_pkce", "a %s client can prove itself only with PKCE; remove it", v.Type)
	}
}

func (v *validation) grants() {
	const field = "grant_types"
	browsers, credentials := v.UsesBrowsers(), v.AllowsGrant(GrantClientCredentials)
	v.noRepeats(field, v.GrantTypes)
	switch {
	case len(v.GrantTypes) == 0:
		v.add(field, "name at least one grant type")
	case v.Type == TypeService && (v.ActsForPeople() || v.AllowsGrant(GrantRefreshToken)):
		v.add(field, "a service client acts for no person: only client_credentials, token exchange and JWT bearer; use type confidential for more")
	case credentials && v.Type.KeepsNoSecret():
		v.add(field, "client_credentials needs a client that authenticates; a %s client cannot", v.Type)
	case v.AllowsGrant(GrantRefreshToken) && !v.ActsForPeople():
		v.add(field, "refresh_token needs authorization_code, which issues the first one, or %s", GrantDeviceCode)
	}
	for _, list := range []struct {
		field, missing string
		values         []string
		optional       bool
	}{
		{"redirect_uris", "required: where codes are sent, such as https://app.example.com/callback", v.RedirectURIs, false},
		{"response_types", "name at least one: " + OrList(ResponseTypes()), v.ResponseTypes, false},
		{"response_modes", "name at least one: " + OrList(ResponseModes()), v.ResponseModes, false},
		{"post_logout_redirect_uris", "", v.PostLogoutRedirectURIs, true},
	} {
		switch {
		case browsers && len(list.values) == 0 && !list.optional:
			v.add(list.field, "%s", list.missing)
		case !browsers && len(list.values) > 0:
			v.add(list.field, "it has no effect without the authorization_code grant; remove it")
		}
	}
}
