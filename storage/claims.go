package storage

// ClaimRequest asks for one claim (OpenID Connect Core 5.5.1).
type ClaimRequest struct {
	Essential bool  `json:"essential,omitempty"`
	Value     any   `json:"value,omitempty"`
	Values    []any `json:"values,omitempty"`
}

// ClaimsRequest is the claims parameter (OpenID Connect Core 5.5). A nil
// *ClaimRequest is a claim asked for in the default manner.
type ClaimsRequest struct {
	UserInfo map[string]*ClaimRequest `json:"userinfo,omitempty"`
	IDToken  map[string]*ClaimRequest `json:"id_token,omitempty"`
	// ACRName is how the request called the authentication context class that was
	// reached, where that is not its own name. It comes from no client.
	ACRName string `json:"acr_name,omitempty"`
}
