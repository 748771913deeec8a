//! The catalogue of error texts, word for word.

use openmart_wire::bitmart_v2::{
    ApiError, ParameterType, RequestFault, Side, StatusFilter, messages::Bounds,
};

#[test]
fn texts_and_statuses_are_those_of_the_catalogue() {
    use ParameterType::{Integer, Long, String};
    let limit = ApiError::out_of_range("limit", Bounds::above(0, 1000));
    let precision = ApiError::out_of_range("precision", Bounds::closed(2, 4));
    let status = ApiError::out_of_range("status", StatusFilter::BOUNDS);
    for (error, code, text) in [
        (ApiError::Unauthorized, 401, "Unauthorized"),
        (ApiError::InvalidTimestamp, 400, "Invalid X-BM-TIMESTAMP"),
        (ApiError::InvalidSignature, 400, "Invalid X-BM-SIGNATURE"),
        (ApiError::InvalidRequest(RequestFault::NotAForm), 400, "Invalid request"),
        (ApiError::InvalidRequest(RequestFault::BodyTooLong), 400, "Invalid request"),
        (ApiError::InvalidCredentials, 401, "Invalid request"),
        (ApiError::Forbidden, 403, "Forbidden"),
        (
            ApiError::required(Integer, "status"),
            400,
            "Required Integer parameter 'status' is not present",
        ),
        (
            ApiError::required(String, "symbol"),
            400,
            "Required String parameter 'symbol' is not present",
        ),
        (ApiError::required(Long, "from"), 400, "Required Long parameter 'from' is not present"),
        (ApiError::invalid("offset"), 400, "Invalid offset"),
        (limit, 400, "Invalid limit. limit must be in the range (0, 1000]"),
        (precision, 400, "Invalid precision. precision must be in the range [2, 4]"),
        (status, 400, "Invalid status. status must be in the range [0, 6]"),
        (ApiError::UnknownSymbol, 400, "Unknown symbol"),
        (ApiError::OrderNotFound, 404, "Not found"),
        (ApiError::maximum_price("0.112695"), 400, "Maximum price is 0.112695"),
        (ApiError::minimum_amount("0.1000000000"), 400, "Minimum amount is 0.1000000000"),
        (ApiError::maximum_amount("5.0000000000"), 400, "Maximum amount is 5.0000000000"),
        (ApiError::invalid_amount(), 400, "Invalid amount"),
        (ApiError::invalid_price(), 400, "Invalid price"),
        (ApiError::minimum_notional(Side::Buy, "5.0"), 400, "Minimum buy amount is 5.0"),
        (ApiError::minimum_notional(Side::Sell, "5.0"), 400, "Minimum sell amount is 5.0"),
        (ApiError::PlaceOrderError, 400, "Place order error"),
        (ApiError::TooManyRequests, 429, "Visit too often, please try again later"),
        (ApiError::PathNotFound, 404, "Not found"),
        (ApiError::MethodNotAllowed, 405, "Method not allowed"),
        (ApiError::Internal, 500, "Internal Server Error"),
        (ApiError::Unavailable, 503, "Service unavailable"),
        (ApiError::Overloaded, 503, "Visit too often, please try again later"),
        (ApiError::DiskFull, 503, "Storage full, new orders are refused"),
    ] {
        assert_eq!(error.status(), code, "{error:?}");
        assert_eq!(error.message(), text, "{error:?}");
        let body = serde_json::to_string(&error.body()).unwrap();
        assert_eq!(body, format!(r#"{{"message":"{text}"}}"#));
    }
}

#[test]
fn the_signature_text_makes_the_historic_body_of_36_bytes() {
    let body = serde_json::to_string(&ApiError::InvalidSignature.body()).unwrap();
    assert_eq!(body.len(), 36);
}
