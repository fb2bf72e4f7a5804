#[test]
fn names_and_status_are_text() {
    let row = serde_json::json!({"id": 1, "name": "edge", "status": "ok"});
    assert_eq!(row["status"], "ok");
}
