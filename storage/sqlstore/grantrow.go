package sqlstore

import (
	"github.com/latchkey-id/latchkey/storage"
	"github.com/uptrace/bun"
)

type grantRow struct {
	bun.BaseModel `bun:"table:grants,alias:g"`

	ID            string                          `bun:"id,pk"`
	ClientID      string                          `bun:"client_id"`
	UserID        string                          `bun:"user_id"`
	Origin        string                          `bun:"origin"`
	SID           nullString                      `bun:"sid"`
	CodeHash      nullString                      `bun:"code_hash"`
	CodeChallenge string                          `bun:"code_challenge"`
	RedirectURI   string                          `bun:"redirect_uri"`
	Scopes        spaceList                       `bun:"scopes"`
	Resource      spaceList                       `bun:"resource"`
	Confirmation  string                          `bun:"cnf"`
	Nonce         string                          `bun:"nonce"`
	Claims        document[storage.ClaimsRequest] `bun:"claims"`
	AuthTime      sqlTime                         `bun:"auth_time"`
	ACR           string                          `bun:"acr"`
	AMR           spaceList                       `bun:"amr"`
	Offline       bool                            `bun:"offline"`
	Refreshable   bool                            `bun:"refreshable"`
	Generation    int64                           `bun:"generation"`
	Salt          []byte                          `bun:"salt"`
	RotatedAt     sqlTime                         `bun:"rotated_at"`
	CreatedAt     sqlTime                         `bun:"created_at"`
	IdleExpiresAt sqlTime                         `bun:"idle_expires_at"`
	ExpiresAt     sqlTime                         `bun:"expires_at"`
	RevokedAt     sqlTime                         `bun:"revoked_at"`
	RevokedReason string                          `bun:"revoked_reason"`
	Address       string                          `bun:"address"`
}

func (r *grantRow) grant() storage.Grant {
	return storage.Grant{
		ID: storage.ID(r.ID), ClientID: r.ClientID, UserID: storage.ID(r.UserID), Origin: storage.GrantOrigin(r.Origin), SID: storage.ID(r.SID),
		CodeHash: string(r.CodeHash), CodeChallenge: r.CodeChallenge, RedirectURI: r.RedirectURI,
		Scopes: r.Scopes, Resource: r.Resource, Confirmation: r.Confirmation, Nonce: r.Nonce, Claims: r.Claims.Is,
		Authentication: storage.Authentication{Time: r.AuthTime.Time, ACR: r.ACR, AMR: r.AMR},
		Offline:        r.Offline, Refreshable: r.Refreshable, Generation: uint32(r.Generation), Salt: r.Salt,
		RotatedAt: r.RotatedAt.Time, CreatedAt: r.CreatedAt.Time,
		IdleExpiresAt: r.IdleExpiresAt.Time, ExpiresAt: r.ExpiresAt.Time,
		RevokedAt: r.RevokedAt.Time, RevokedReason: r.RevokedReason, Address: r.Address,
	}
}

func rowOfGrant(g *storage.Grant) *grantRow {
	row := &grantRow{
		ID: string(g.ID), ClientID: g.ClientID, UserID: string(g.UserID), Origin: string(g.Origin), SID: nullString(g.SID),
		CodeHash: nullString(g.CodeHash), CodeChallenge: g.CodeChallenge, RedirectURI: g.RedirectURI,
		Scopes: g.Scopes, Resource: g.Resource, Confirmation: g.Confirmation, Nonce: g.Nonce, Claims: document[storage.ClaimsRequest]{g.Claims},
		AuthTime: sqlTime{g.Authentication.Time}, ACR: g.Authentication.ACR, AMR: g.Authentication.AMR,
		Offline: g.Offline, Refreshable: g.Refreshable, Generation: int64(g.Generation), Salt: g.Salt,
		RotatedAt: sqlTime{g.RotatedAt}, CreatedAt: sqlTime{g.CreatedAt},
		IdleExpiresAt: sqlTime{g.IdleExpiresAt}, ExpiresAt: sqlTime{g.ExpiresAt},
		RevokedAt: sqlTime{g.RevokedAt}, RevokedReason: g.RevokedReason, Address: g.Address,
	}
	if row.Origin == "" {
		row.Origin = string(storage.OriginCode)
	}
	return row
}
