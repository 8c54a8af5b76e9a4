package settings

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/latchkey-id/latchkey/account"
	"github.com/latchkey-id/latchkey/storage"
	"github.com/latchkey-id/latchkey/ui"
)

// allDevices names every trusted device instead of one.
const allDevices = "all"

// deviceRemoval ends trust in one browser, or in all.
func (h *Handler) deviceRemoval() confirmation {
	return confirmation{
		path: ui.PathDeviceRemoval, back: ui.PathSecurity, subject: "device",
		question: func(r *http.Request, v *visit, page *ui.Page, device string) (question, error) {
			devices, err := h.cfg.Devices.ListByUser(r.Context(), v.User.ID, h.cfg.Now())
			if err != nil {
				return question{}, unavailable("list trusted devices", err)
			}
			if device == allDevices && len(devices) > 0 {
				return question{page.T("ask.devices.title"), page.T("ask.devices.text"), page.T("security.forget_all")}, nil
			}
			i := slices.IndexFunc(devices, func(d storage.TrustedDevice) bool { return string(d.ID) == device })
			if i < 0 {
				return question{}, fmt.Errorf("no trusted device %q: %w", device, account.ErrNotFound)
			}
			title := page.T("ask.remove.title", "Name", page.Device(devices[i].UserAgent))
			return question{title, page.T("ask.device.text"), page.T("account.remove")}, nil
		},
		change: func(w http.ResponseWriter, r *http.Request, v *visit, device string) error {
			var err error
			if device == allDevices {
				err = h.cfg.Accounts.ForgetDevices(r.Context(), v.actor, v.User.ID)
			} else {
				err = h.cfg.Accounts.ForgetDevice(r.Context(), v.actor, v.User.ID, storage.ID(device))
			}
			if err != nil {
				return err
			}
			return redirectDone(w, r, ui.PathSecurity, "device_forgotten")
		},
	}
}
