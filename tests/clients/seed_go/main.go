// The documented Go way to cancel an order, as a program: standard library only.
// Enters: the address of the server. Leaves: a line per check; stops at the first wrong answer.
package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

const (
	apiKey    = "6591f7c2491db0a23a1d8ad6911c825e"
	apiSecret = "8c08d9d5c3d15b105dbddaf96e427ac6"
	memo      = "mymemo"
)

var endpoint string

type answer struct {
	status int
	body   string
	header http.Header
}

func expect(name string, actual, expected any) {
	if actual != expected {
		fmt.Printf("FAIL seed-go %s: got %#v, expected %#v\n", name, actual, expected)
		os.Exit(1)
	}
	fmt.Println("ok seed-go", name)
}

func createSha256Signature(secret, message string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(message))
	return hex.EncodeToString(mac.Sum(nil))
}

func send(req *http.Request) answer {
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		panic(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		panic(err)
	}
	return answer{res.StatusCode, string(body), res.Header}
}

// request adds the three headers of a private call; without a message there is no signature.
func request(method, path, token, message string, body io.Reader) answer {
	req, err := http.NewRequest(method, endpoint+path, body)
	if err != nil {
		panic(err)
	}
	req.Header.Add("X-Bm-Timestamp", fmt.Sprintf("%d", time.Now().UnixNano()/1000000))
	req.Header.Add("X-Bm-Authorization", "Bearer "+token)
	if message != "" {
		req.Header.Add("X-Bm-Signature", createSha256Signature(apiSecret, message))
	}
	if body != nil {
		req.Header.Add("Content-Type", "application/json")
	}
	return send(req)
}

func getAccessToken() string {
	form := url.Values{
		"grant_type":    {"client_credentials"},
		"client_id":     {apiKey},
		"client_secret": {createSha256Signature(apiSecret, apiKey+":"+apiSecret+":"+memo)},
	}
	req, err := http.NewRequest("POST", endpoint+"/v2/authentication", strings.NewReader(form.Encode()))
	if err != nil {
		panic(err)
	}
	req.Header.Add("Content-Type", "application/x-www-form-urlencoded")
	got := send(req)
	expect("token", got.status, 200)
	var token struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int64  `json:"expires_in"`
	}
	if err := json.Unmarshal([]byte(got.body), &token); err != nil {
		panic(err)
	}
	expect("token lifetime", token.ExpiresIn, int64(900))
	return token.AccessToken
}

// placeOrder signs the numbers as FormatFloat writes them, while the body has them as
// json.Marshal does: for a small price these are two different texts.
func placeOrder(token string, amount, price float64) string {
	message := fmt.Sprintf("amount=%s&price=%s&side=buy&symbol=BMX_ETH",
		strconv.FormatFloat(amount, 'f', -1, 64), strconv.FormatFloat(price, 'f', -1, 64))
	body, err := json.Marshal(map[string]any{
		"symbol": "BMX_ETH", "side": "buy", "amount": amount, "price": price,
	})
	if err != nil {
		panic(err)
	}
	got := request("POST", "/v2/orders", token, message, bytes.NewReader(body))
	expect(fmt.Sprintf("place %s", body), got.status, 200)
	var placed struct {
		EntrustID int64 `json:"entrust_id"`
	}
	if err := json.Unmarshal([]byte(got.body), &placed); err != nil {
		panic(err)
	}
	return strconv.FormatInt(placed.EntrustID, 10)
}

func orderStatus(token, entrustID string) int {
	var order struct {
		Status int `json:"status"`
	}
	if err := json.Unmarshal([]byte(request("GET", "/v2/orders/"+entrustID, token, "", nil).body), &order); err != nil {
		panic(err)
	}
	return order.Status
}

func cancelOrder(token, entrustID string) answer {
	message := fmt.Sprintf("entrust_id=%s", entrustID)
	return request("DELETE", "/v2/orders/"+entrustID, token, message, nil)
}

func main() {
	endpoint = os.Args[1]
	token := getAccessToken()
	// A clean book, so that the orders rest.
	got := request("DELETE", "/v2/orders?symbol=BMX_ETH&side=buy", token, "", nil)
	expect("cancel all", fmt.Sprint(got.status, " ", got.body), "200 {}")
	for _, order := range []struct{ amount, price float64 }{{100, 0.0001}, {1000.5, 0.00001}, {1000.5, 0.0000001}} {
		entrustID := placeOrder(token, order.amount, order.price)
		expect("order rests", orderStatus(token, entrustID), 1)

		got := cancelOrder(token, entrustID)
		expect("cancel", fmt.Sprint(got.status, " ", got.body), "200 {}")
		expect("order is canceled", orderStatus(token, entrustID), 4)

		got = cancelOrder(token, entrustID)
		expect("second cancel", fmt.Sprint(got.status, " ", got.body), `404 {"message":"Not found"}`)
		expect("its reason", got.header.Get("X-Openmart-Reason"), "canceled")
	}
}
