package sqlstore_test

import (
	"fmt"
	"maps"
	"time"

	"github.com/latchkey-id/latchkey/storage"
)

// calls are the calls by their methods.
func (c *planCalls) calls() map[string]func() error {
	all := map[string]func() error{}
	for _, some := range []map[string]func() error{c.peopleCalls(), c.groupCalls(), c.provisionCalls(), c.accountCalls(), c.sessionCalls(), c.factorCalls(), c.deviceCalls(), c.keyCalls(), c.auditCalls(), c.nodeCalls(), c.clientCalls(), c.deliveryCalls(), c.ephemeralCalls()} {
		maps.Copy(all, some)
	}
	return all
}

func (c *planCalls) sessionCalls() map[string]func() error {
	ctx, sessions, grants, tokens := c.t.Context(), c.s.Sessions(), c.s.Grants(), c.s.AccessTokens()
	return map[string]func() error{
		"Sessions.Create": func() error {
			n := c.row()
			return sessions.Create(ctx, c.session(rowOf(n)), storage.SessionStart{Replaces: []string{fmt.Sprint("s", n), "none"}}, c.event())
		},
		"Sessions.BySecret": func() error { return second(sessions.BySecret(ctx, []string{"none", "s77"}, c.now)) },
		"Sessions.Touch":    func() error { return sessions.Touch(ctx, rowOf(c.row()), c.now, c.now.Add(time.Hour)) },
		"Sessions.End":      func() error { return sessions.End(ctx, rowOf(c.row()), c.now, c.event()) },
		"Sessions.EndOf":    func() error { id := rowOf(c.row()); return sessions.EndOf(ctx, id, id, c.now, c.event()) },
		"Sessions.EndAll":   func() error { return sessions.EndAll(ctx, rowOf(c.row()), "", c.now, true, c.event()) },
		"Sessions.Clients":  func() error { return second(sessions.Clients(ctx, rowOf(c.row()))) },
		"Sessions.List": func() error {
			for _, f := range []storage.SessionFilter{{}, {After: rowOf(77)}, {ClientID: "c7"}, {ClientID: "c7", After: rowOf(77)}} {
				f.Limit = 50
				if err := second(sessions.List(ctx, f)); err != nil {
					return err
				}
			}
			return nil
		},
		"Sessions.Page": func() error {
			for _, p := range []storage.SessionPage{{}, {Before: rowOf(77)}, {ClientID: "c7"}, {ClientID: "c7", Before: rowOf(77)}, {UserID: rowOf(7)}, {UserID: rowOf(7), Before: rowOf(77), ClientID: "c7"}} {
				p.Limit = 50
				if err := second(sessions.Page(ctx, p)); err != nil {
					return err
				}
			}
			return nil
		},
		"Sessions.ListByUser": func() error { return second(sessions.ListByUser(ctx, rowOf(c.row()), c.now)) },
		"Grants.Create": func() error {
			id := rowOf(c.row())
			if err := second(grants.Create(ctx, c.grant(id, id), storage.GrantStart{Subject: "sub"}, c.event())); err != nil {
				return err
			}
			return second(grants.Create(ctx, c.grant(id, ""), storage.GrantStart{}, c.event()))
		},
		"Grants.Rotate": func() error {
			n := c.row()
			return second(grants.Rotate(ctx, storage.Rotation{GrantID: rowOf(n), ClientID: fmt.Sprint("client", n%1000), Generation: 1, Salt: benchSalt, IdleLifetime: time.Hour}))
		},
		"Grants.ByID":       func() error { return second(grants.ByID(ctx, rowOf(c.row()))) },
		"Grants.ByCodeHash": func() error { return second(grants.ByCodeHash(ctx, []string{"none", "c77"})) },
		"Grants.Revoke":     func() error { return grants.Revoke(ctx, rowOf(c.row()), c.now, "x", c.event()) },
		"Grants.RevokeClient": func() error {
			n := c.row()
			return grants.RevokeClient(ctx, rowOf(n), fmt.Sprint("client", n%1000), c.now, "x", c.event())
		},
		"Grants.List":           func() error { return second(grants.List(ctx, rowOf(77), 50)) },
		"Grants.ListByUser":     func() error { return second(grants.ListByUser(ctx, rowOf(c.row()))) },
		"Grants.ListByClient":   func() error { return second(grants.ListByClient(ctx, "client7", rowOf(c.row()), 50)) },
		"Grants.ApplicationsOf": func() error { return second(grants.ApplicationsOf(ctx, rowOf(c.row()), c.now)) },
		"AccessTokens.Check":    func() error { return second(tokens.Check(ctx, rowOf(c.row()), "jti", c.now)) },
		"AccessTokens.Revoked":  func() error { return second(tokens.Revoked(ctx, "c7", "j7", c.now)) },
		"AccessTokens.Revoke":   func() error { return tokens.Revoke(ctx, string(c.id()), c.now, c.event()) },
		"Consents.Get": func() error {
			n := c.row()
			return second(c.s.Consents().Get(ctx, rowOf(n), fmt.Sprint("client", n%1000)))
		},
		"Consents.Put": func() error {
			return c.s.Consents().Put(ctx, rowOf(c.row()), "wiki", []string{"openid"}, c.now, c.event())
		},
		"Consents.ListByUser": func() error { return second(c.s.Consents().ListByUser(ctx, rowOf(c.row()))) },
	}
}

func (c *planCalls) factorCalls() map[string]func() error {
	ctx, credentials, codes, lockouts := c.t.Context(), c.s.Credentials(), c.s.RecoveryCodes(), c.s.Lockouts()
	return map[string]func() error{
		"Credentials.Add": func() error {
			added := c.credential(rowOf(c.row()))
			return credentials.Add(ctx, &added, storage.FactorStart{}, c.event())
		},
		"Credentials.ListByUser":   func() error { return second(credentials.ListByUser(ctx, rowOf(c.row()))) },
		"Credentials.ByExternalID": func() error { return second(credentials.ByExternalID(ctx, "x77")) },
		"Credentials.Use": func() error {
			id := rowOf(c.row())
			if err := credentials.Use(ctx, storage.CredentialUse{ID: id, UserID: id, To: 1, Now: c.now}); err != nil {
				return err
			}
			_ = credentials.Use(ctx, storage.CredentialUse{ID: id, UserID: id, To: 1, Now: c.now}) // which asks why not
			return nil
		},
		"Credentials.Rename": func() error {
			id := rowOf(c.row())
			return credentials.Rename(ctx, storage.CredentialChange{UserID: id, ID: id}, "x", c.event())
		},
		"Credentials.Delete": func() error {
			id := rowOf(c.row())
			return credentials.Delete(ctx, storage.CredentialChange{UserID: id, ID: id}, false, c.event())
		},
		"RecoveryCodes.Replace": func() error {
			return codes.Replace(ctx, storage.RecoverySet{UserID: rowOf(c.row()), Hashes: []string{"a", "b"}, Now: c.now}, c.event())
		},
		"RecoveryCodes.Consume": func() error {
			n := c.row()
			if err := codes.Consume(ctx, rowOf(n), []string{"none", fmt.Sprint("h", n)}, c.now, c.event()); err != nil {
				return err
			}
			_ = codes.Consume(ctx, rowOf(n), []string{"none", fmt.Sprint("h", n)}, c.now, c.event()) // which asks why not
			return nil
		},
		"RecoveryCodes.Status": func() error { return second(codes.Status(ctx, rowOf(c.row()))) },
		"Lockouts.Attempt": func() error {
			id, b := rowOf(c.row()), storage.Backoff{Base: time.Hour, Max: time.Hour}
			for range 2 {
				_, _ = lockouts.Attempt(ctx, id, storage.FactorSMS, c.now, b, 0) // the second is refused
			}
			return nil
		},
		"Lockouts.Succeeded":  func() error { return lockouts.Succeeded(ctx, rowOf(c.row()), storage.FactorTOTP, c.now) },
		"Lockouts.Unlock":     func() error { return lockouts.Unlock(ctx, rowOf(c.row()), "", c.now, c.event()) },
		"Lockouts.ListByUser": func() error { return second(lockouts.ListByUser(ctx, rowOf(c.row()))) },
	}
}

func (c *planCalls) deviceCalls() map[string]func() error {
	ctx, devices := c.t.Context(), c.s.TrustedDevices()
	return map[string]func() error{
		"TrustedDevices.Create": func() error {
			return devices.Create(ctx, &storage.TrustedDevice{ID: c.id(), UserID: rowOf(c.row()), SecretHash: string(c.id()), CreatedAt: c.now, LastUsedAt: c.now, ExpiresAt: c.now}, c.event())
		},
		"TrustedDevices.BySecret":   func() error { return second(devices.BySecret(ctx, []string{"none", "d77"}, c.now)) },
		"TrustedDevices.ListByUser": func() error { return second(devices.ListByUser(ctx, rowOf(c.row()), c.now)) },
		"TrustedDevices.Rotate": func() error {
			n := c.row()
			return devices.Rotate(ctx, rowOf(n), fmt.Sprint("d", n), string(c.id()), c.now, c.event())
		},
		"TrustedDevices.Delete":    func() error { id := rowOf(c.row()); return devices.Delete(ctx, id, id, c.event()) },
		"TrustedDevices.DeleteAll": func() error { return devices.DeleteAll(ctx, rowOf(c.row()), c.event()) },
	}
}

func (c *planCalls) keyCalls() map[string]func() error {
	ctx, keys := c.t.Context(), c.s.SigningKeys()
	key := func() storage.SigningKey {
		id := string(c.id())
		return storage.SigningKey{ID: id, Alg: id, Slot: 1, CreatedAt: c.now, SignsFrom: c.now}
	}
	return map[string]func() error{
		"SigningKeys.List":   func() error { return second(keys.List(ctx)) },
		"SigningKeys.Insert": func() error { return keys.Insert(ctx, key(), c.event()) },
		"SigningKeys.Retire": func() error { return keys.Retire(ctx, "none", c.now, c.now) },
		"SigningKeys.Revoke": func() error {
			old, next := key(), key()
			if err := keys.Insert(ctx, old, c.event()); err != nil {
				return err
			}
			return keys.Revoke(ctx, old.ID, &next, c.now, c.event())
		},
		"SigningKeys.Expire": func() error { return keys.Expire(ctx, c.now, c.now) },
		"Jobs.List":          func() error { return second(c.s.Jobs().List(ctx)) },
		"Jobs.Claim":         func() error { return second(c.s.Jobs().Claim(ctx, "job", time.Hour, c.now)) },
		"Store.Sweep": func() error {
			// Sessions that ended, so that what ends with them is planned too.
			gone := c.session(rowOf(c.row()))
			gone.IdleExpiresAt = c.now.Add(-time.Hour)
			if err := c.s.Sessions().Create(ctx, gone, storage.SessionStart{}, c.event()); err != nil {
				return err
			}
			return second(c.s.Sweep(ctx, c.now))
		},
		"Installation.HashKeys":       func() error { return second(c.s.Installation().HashKeys(ctx)) },
		"Installation.AgreeOnHashKey": func() error { return second(c.s.Installation().AgreeOnHashKey(ctx, "k", "check")) },
		"Installation.HashKeyCheck": func() error {
			if err := second(c.s.Installation().AgreeOnHashKey(ctx, "l", "check")); err != nil {
				return err
			}
			return second(c.s.Installation().HashKeyCheck(ctx, "l"))
		},
		"Store.CheckWritable": func() error { return second(c.s.CheckWritable(ctx)) },
		"Store.ClockOffset":   func() error { return second(c.s.ClockOffset(ctx)) },
	}
}

func (c *planCalls) auditCalls() map[string]func() error {
	ctx, events := c.t.Context(), c.s.Events()
	return map[string]func() error{
		"Events.Append": func() error { return events.Append(ctx, c.event()) },
		"Events.List": func() error {
			for _, f := range []storage.EventFilter{
				{}, {InOrder: true, AfterSeq: 1}, {UserID: rowOf(77)}, {Type: "type7"}, {RequestID: "r77"}, {Type: "type7", Since: c.now.Add(-time.Hour)},
				{Since: c.now.Add(-time.Hour)}, {UserID: rowOf(77), Before: c.id()}, {Before: c.id()}, {Since: c.now.Add(-2 * time.Hour), Until: c.now, ClientID: "client7", Outcome: "failure", Address: "192.0.2.1"},
				{Outcome: "failure"}, {Outcome: "failure", Before: c.id()}, {Outcome: "failure", ClientID: "client7", Since: c.now.Add(-time.Hour)},
			} {
				f.Limit = 50
				if err := second(events.List(ctx, f)); err != nil {
					return err
				}
			}
			return nil
		},
		"Events.ListByUser": func() error { return second(events.ListByUser(ctx, rowOf(c.row()), 50)) },
		"Events.Link": func() error {
			if err := events.Append(ctx, c.event()); err != nil {
				return err
			}
			return second(events.Link(ctx, 100))
		},
		"Events.Head":     func() error { _, err := events.Head(ctx); return err },
		"Events.Unlinked": func() error { _, _, err := events.Unlinked(ctx); return err },
		"Events.Verify":   func() error { return second(events.Verify(ctx, nil)) },
		"Events.Prune": func() error {
			n, err := events.Prune(ctx, c.now.Add(-time.Minute))
			if n == 0 {
				c.t.Error("Prune found nothing to prune")
			}
			return err
		},
	}
}

func (c *planCalls) deliveryCalls() map[string]func() error {
	ctx, outbox := c.t.Context(), c.s.Outbox()
	queued := func(do func(storage.ID) error) error {
		m := c.notice()
		if err := outbox.Add(ctx, nil, m); err != nil {
			return err
		}
		return do(m.ID)
	}
	return map[string]func() error{
		"Outbox.Add": func() error { e := c.event(); return outbox.Add(ctx, &e, c.notice()) },
		"Outbox.Claim": func() error {
			return second(outbox.Claim(ctx, storage.DeliveryClaim{Topic: storage.TopicEmail, Limit: 10, Now: c.now, Lease: time.Minute}))
		},
		"Outbox.SaveComposed": func() error { return queued(func(id storage.ID) error { return outbox.SaveComposed(ctx, id, "x") }) },
		"Outbox.Retry":        func() error { return queued(func(id storage.ID) error { return outbox.Retry(ctx, id, c.now, "x") }) },
		"Outbox.Finish": func() error {
			e := c.event()
			return queued(func(id storage.ID) error {
				return outbox.Finish(ctx, id, storage.DeliveryEnd{Status: storage.DeliverySent, At: c.now}, &e)
			})
		},
		"Outbox.List": func() error {
			if err := second(outbox.List(ctx, "", "", 50)); err != nil {
				return err
			}
			if err := second(outbox.List(ctx, storage.TopicLogout, "", 50)); err != nil {
				return err
			}
			if err := second(outbox.List(ctx, storage.TopicLogout, storage.DeliveryFailed, 50)); err != nil {
				return err
			}
			return second(outbox.List(ctx, "", storage.DeliveryFailed, 50))
		},
		"Outbox.RetryNow": func() error {
			if err := second(outbox.RetryNow(ctx, c.now, func(int64) storage.Event { return c.event() }, rowOf(77), rowOf(78))); err != nil {
				return err
			}
			return second(outbox.RetryNow(ctx, c.now, func(int64) storage.Event { return c.event() }))
		},
		"Outbox.Page": func() error {
			for _, f := range []storage.DeliveryFilter{
				{}, {Before: c.id()}, {Topic: storage.TopicLogout, Before: c.id()}, {Status: storage.DeliveryFailed, Before: c.id()},
			} {
				f.Limit = 50
				if err := second(outbox.Page(ctx, f)); err != nil {
					return err
				}
			}
			return nil
		},
		"Outbox.Farewells": func() error { return second(outbox.Farewells(ctx, rowOf(77))) },
		"Outbox.Backlog":   func() error { return second(outbox.Backlog(ctx, c.now)) },
	}
}

func (c *planCalls) ephemeralCalls() map[string]func() error {
	ctx, e := c.t.Context(), c.s.Ephemeral()
	b := storage.Backoff{Base: time.Hour, Max: time.Hour, Window: time.Hour}
	bucket := storage.Bucket{Burst: 1, Every: time.Hour}
	return map[string]func() error{
		"Ephemeral.Put": func() error { return e.Put(ctx, "put", []byte("x"), time.Hour) },
		"Ephemeral.Swap": func() error {
			if err := e.Swap(ctx, "swap", nil, []byte("x"), time.Hour); err != nil {
				return err
			}
			return e.Swap(ctx, "swap", []byte("x"), []byte("y"), time.Hour)
		},
		"Ephemeral.Get":    func() error { return second(e.Get(ctx, "k78")) },
		"Ephemeral.Take":   func() error { return second(e.Take(ctx, "k79")) },
		"Ephemeral.Count":  func() error { return second(e.Count(ctx, "count", time.Hour)) },
		"Ephemeral.TakeIf": func() error { return e.TakeIf(ctx, "k80", []byte{}) },
		"Ephemeral.Delete": func() error { return e.Delete(ctx, "k81", "k82") },
		"Ephemeral.Attempt": func() error {
			if err := second(e.Attempt(ctx, "attempt", b)); err != nil {
				return err
			}
			return second(e.Attempt(ctx, "attempt", b))
		},
		"Ephemeral.Draw": func() error {
			if err := second(e.Draw(ctx, "bucket", bucket)); err != nil {
				return err
			}
			return second(e.Draw(ctx, "bucket", bucket))
		},
	}
}
