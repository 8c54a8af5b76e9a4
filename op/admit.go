package op

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/storage"
)

// codeTooMany is the error of a rate limit at endpoints that clients call themselves:
// no specification has a code for it, and temporarily_unavailable says when to try again.
const codeTooMany = codeTemporarilyUnavailable

// admitUnauthenticated is the rate limit on what a client without a secret has us keep
// (requirement DS3): anybody can speak in its name, so that it is counted by network
// address. The bucket refills: nobody can push out how long others wait (LK1).
func (p *Provider) admitUnauthenticated(ctx context.Context, c *client.Client, kind string) error {
	if !c.IsPublic() {
		return nil
	}
	return p.admitAddress(ctx, kind, storage.Bucket{Burst: p.cfg.PendingPerAddress, Every: time.Hour / time.Duration(p.cfg.PendingPerAddress)})
}

// admitAddress draws from the bucket of the network address that a request came from.
func (p *Provider) admitAddress(ctx context.Context, kind string, perNetwork storage.Bucket) error {
	network := web.AddressBucket(web.ClientAddress(ctx))
	wait, err := p.cfg.Counters.Draw(ctx, "pending:"+kind+":"+p.cfg.Hasher.Sum("pending", kind, network), perNetwork)
	switch {
	case err != nil:
		return unavailable("count requests of an address", err)
	case wait <= 0:
		return nil
	}
	return errTooMany(wait, errors.New("the limit of "+kind+" requests by address"))
}

// errTooMany is the answer to who asks too often, with when there is a free place.
func errTooMany(wait time.Duration, cause error) *Error {
	seconds := int64((wait + time.Second - 1) / time.Second)
	return &Error{
		Code: codeTooMany, Description: "too many requests from this network, try again later", Status: http.StatusTooManyRequests,
		Header: http.Header{"Retry-After": {strconv.FormatInt(seconds, 10)}}, Cause: cause,
	}
}
