package document

import (
	"context"

	"github.com/latchkey-id/latchkey/client"
	"github.com/latchkey-id/latchkey/internal/web"
	"github.com/latchkey-id/latchkey/storage"
)

// count draws from the buckets of the network that asks and of the host that would be
// called, in this order: who has used up their own takes nothing from others. It counts
// before anything is called (denial of service, amplification).
func (s *Clients) count(ctx context.Context, host string) error {
	network := web.AddressBucket(web.ClientAddress(ctx))
	for _, drawn := range []struct {
		kind, name string
		bucket     storage.Bucket
	}{{"network", network, s.cfg.PerNetwork}, {"host", host, s.cfg.PerHost}} {
		wait, err := s.cfg.Counters.Draw(ctx, "document:"+drawn.kind+":"+s.cfg.Hasher.Sum("document", drawn.kind, drawn.name), drawn.bucket)
		if err != nil {
			return err
		}
		if wait > 0 {
			return &client.LimitedError{Wait: wait}
		}
	}
	return nil
}
