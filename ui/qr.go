package ui

import (
	"fmt"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// QRCode is a picture as the template draws it: a square of Size modules a side
// in which Path holds the dark ones. Label says what it shows.
type QRCode struct {
	Size  int
	Path  string
	Label string
}

// quietZone is what ISO/IEC 18004 asks for around a code, in modules.
const quietZone = 4

// QR draws the otpauth address inside the page: no other request ever returns
// the secret.
func (e EnrollTOTP) QR() (QRCode, error) { return drawQR(e.URI, e.T("totp.qr")) }

// drawQR draws a text. It is black on white on any ground, since readers expect that.
func drawQR(text, label string) (QRCode, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return QRCode{}, fmt.Errorf("draw QR code: %w", err)
	}
	side := code.Bounds().Dx()
	var path strings.Builder
	for y := range side {
		for x := range side {
			if r, _, _, _ := code.At(x, y).RGBA(); r == 0 {
				fmt.Fprintf(&path, "M%d %dh1v1h-1z", x+quietZone, y+quietZone)
			}
		}
	}
	return QRCode{Size: side + 2*quietZone, Path: path.String(), Label: label}, nil
}
