"""A source in each language that has a grammar or a parser, and everything that is read from it."""

SOURCES: dict[str, str] = {}
READ: dict[str, str] = {}
"""One line for each literal: its line number, form and text, and the call that it is an argument of, or its name."""

SOURCES["python"] = '''
"""A docstring says nothing: /v1/docs."""
from rides.models import RideReceipt
import httpx

RETRY_LIMIT = 7


class RideEvent:
    ride_id: str
    seats = 2


async def end(api, *, token=Header()):  # "a comment"
    await api.post(f"/v1/rides/{ride}/end", json={"charge_percent": 3})
    return api.state.vehicle_state
'''
READ["python"] = """
3 PACKAGE rides.models = imports
3 USED_TYPE RideReceipt
4 PACKAGE httpx = imports
6 NUMBER 7 = RETRY_LIMIT
9 USED_TYPE RideEvent
10 FIELD ride_id
15 STRING /v1/rides/{}/end (api.post)
15 STRING charge_percent (api.post)
16 MEMBER vehicle_state
"""

SOURCES["javascript"] = """
import { RideReceipt } from "@rollo/rides";
const express = require("express");
const PORT_NUMBER = 8080; // "a comment"
app.get("/v1/rides/:id", (request, response) => {
  response.set("X-Rollo-Trace", `ride-${request.params.id}`);
  response.json({ rideId: row.ride_id, charge_percent: process.env.ROLLO_CHARGE });
});
"""
READ["javascript"] = """
2 PACKAGE @rollo/rides = imports
2 USED_TYPE RideReceipt
3 PACKAGE express = imports
4 NUMBER 8080 = PORT_NUMBER
5 STRING /v1/rides/:id (app.get)
6 STRING X-Rollo-Trace (response.set)
6 STRING ride-{} (response.set)
7 FIELD rideId
7 FIELD charge_percent
7 MEMBER ride_id
7 ENV ROLLO_CHARGE
"""

SOURCES["typescript"] = """
import { RideReceipt } from "@rollo/rides";
interface RideEvent {
  rideId: string;
}
class Client {
  baseAddress = "http://rides:8080";
  async end(id: string): Promise<RideReceipt> {
    return this.http.post(`/v1/rides/${id}/end`, { charge_percent: 1 });
  }
}
"""
READ["typescript"] = """
2 PACKAGE @rollo/rides = imports
2 USED_TYPE RideReceipt
3 USED_TYPE RideEvent
4 FIELD rideId
7 STRING http://rides:8080 = baseAddress
7 FIELD baseAddress
9 STRING /v1/rides/{}/end (this.http.post)
9 FIELD charge_percent
"""

SOURCES["tsx"] = """
type Props = { ride: RideReceipt };
export const Row = ({ ride }: Props) => <a href={"/rides/" + ride.rideId} title="The receipt">{ride.endedAt}</a>;
"""
READ["tsx"] = """
2 USED_TYPE RideReceipt
3 STRING /rides/{} = href
3 STRING The receipt = title
3 MEMBER rideId
3 MEMBER endedAt
"""

SOURCES["go"] = """
package main

import "github.com/rollo/rides"

type RideEvent struct {
	RideID string `json:"ride_id"`
}

const maxSeats = 4

func routes(r Router) {
	r.HandleFunc("/v1/rides", list)
	w.Header().Set("X-Rollo-Trace", fmt.Sprintf("ride-%s", id))
	raw := `a raw one`
	var receipt rides.RideReceipt
}
"""
READ["go"] = """
4 PACKAGE github.com/rollo/rides = imports
6 USED_TYPE RideEvent
7 STRING json:"ride_id"
7 TAG json:"ride_id"
10 NUMBER 4 = maxSeats
13 STRING /v1/rides (r.HandleFunc)
14 STRING X-Rollo-Trace (w.Header.Set)
14 STRING ride-{} (fmt.Sprintf)
15 STRING a raw one = raw
16 USED_TYPE RideReceipt
"""

SOURCES["rust"] = """
struct RideEvent {
    ride_id: String,
}
const MAX_SEATS: u32 = 4;
fn routes() -> RideRouter {
    Router::new().route("/v1/rides", get(list)).header(r"X-Rollo-Trace", format!("ride-{}", id))
}
"""
READ["rust"] = """
2 USED_TYPE RideEvent
3 FIELD ride_id
5 NUMBER 4 = MAX_SEATS
6 USED_TYPE RideRouter
7 STRING /v1/rides (Router::new.route)
7 STRING X-Rollo-Trace (Router::new.route.header)
7 STRING ride-{} (format!)
"""

SOURCES["java"] = """
import eu.rollo.rides.RideReceipt;

record RideEvent(String rideId) {}

class Rides {
    static final int MAX_SEATS = 4;
    private String vehicleState;

    @GetMapping("/v1/rides")
    RideReceipt list() {
        return client.header("X-Rollo-Trace", "ride-" + id).send();
    }
}
"""
READ["java"] = """
2 USED_TYPE RideReceipt
4 FIELD rideId
7 NUMBER 4 = MAX_SEATS
7 FIELD MAX_SEATS
8 FIELD vehicleState
10 STRING /v1/rides (GetMapping)
12 STRING X-Rollo-Trace (client.header)
12 STRING ride-{} (client.header)
"""

SOURCES["kotlin"] = """
@Serializable
data class RideEvent(@SerialName("ride_id") val rideId: String, val seats: Int? = null)

const val MAX_SEATS = 4L

fun Route.rides() {
    val trace = header("X-Rollo-Trace")
    get("/v1/rides/{id}") {
        in1.close()
        val receipt = client.get<RideReceipt>("/v1/receipts/$id")
        fail<RideFailure> { "not there" }
    }
    val raw = \"\"\"a raw one\"\"\"
    check(RideSummary::class)
}
"""
READ["kotlin"] = """
3 STRING ride_id (SerialName)
3 FIELD rideId
3 USED_TYPE RideEvent
3 USED_TYPE SerialName
5 NUMBER 4 = MAX_SEATS
8 STRING X-Rollo-Trace (header)
9 STRING /v1/rides/{id} (get)
11 STRING /v1/receipts/{} (client.get)
11 USED_TYPE RideReceipt
12 STRING not there
12 USED_TYPE RideFailure
14 STRING a raw one = raw
15 USED_TYPE RideSummary
"""

SOURCES["swift"] = """
struct RideEvent: Codable {
    let rideId: String
    static let maxSeats = 4
}
func end(id: String) async throws -> RideReceipt {
    let text = \"\"\"
        several lines
        \"\"\"
    return try await api.post("/v1/rides/\\(id)/end", header: "X-Rollo-Trace")
}
"""
READ["swift"] = """
2 USED_TYPE RideEvent
3 FIELD rideId
4 NUMBER 4 = maxSeats
4 FIELD maxSeats
6 USED_TYPE RideReceipt
7 STRING \\n        several lines\\n         = text
10 STRING /v1/rides/{}/end (api.post)
10 STRING X-Rollo-Trace (api.post)
"""

SOURCES["c"] = """
#define RIDE_TOPIC "rollo/rides/+"
#define MAX_SEATS 4
static const int retry_limit = 7;
void start(ride_event_t *event) {
    subscribe(client, "rollo/" FLEET "/state");
    LOG("a ride of %s", name); /* "a comment" */
}
"""
READ["c"] = """
2 STRING rollo/rides/+ = RIDE_TOPIC
3 NUMBER 4 = MAX_SEATS
4 NUMBER 7 = retry_limit
6 STRING rollo/{}/state (subscribe)
7 STRING a ride of {} (LOG)
"""

SOURCES["cpp"] = """
constexpr int kMaxSeats = 4;
void routes(Server& server, const rides::RideReceipt &receipt) {
    server.Get("/v1/rides", list);
    server.set(R"(a raw one)", "rollo/" "state");
}
"""
READ["cpp"] = """
2 NUMBER 4 = kMaxSeats
3 USED_TYPE RideReceipt
4 STRING /v1/rides (server.Get)
5 STRING (a raw one) (server.set)
5 STRING rollo/state (server.set)
"""

SOURCES["csharp"] = """
public record RideEvent(string RideId);
public class RideReceipt {
    public int ChargePercent { get; set; }
    const int MaxSeats = 4;
    [HttpGet("/v1/rides")]
    public void List() {
        client.Send($"/v1/rides/{id}/end", @"a verbatim one");
    }
}
"""
READ["csharp"] = """
2 FIELD RideId
2 USED_TYPE RideEvent
3 USED_TYPE RideReceipt
4 FIELD ChargePercent
5 NUMBER 4 = MaxSeats
6 STRING /v1/rides (HttpGet)
8 STRING /v1/rides/{}/end (client.Send)
8 STRING a verbatim one (client.Send)
"""

SOURCES["ruby"] = """
class RideReceipt
  MAX_SEATS = 4
  def call
    post "/v1/rides/#{id}/end", ride_id: 7, state: :in_motion
  end
end
"""
READ["ruby"] = """
2 USED_TYPE RideReceipt
3 NUMBER 4 = MAX_SEATS
5 STRING /v1/rides/{}/end (post)
5 STRING in_motion (post)
5 FIELD ride_id
"""

SOURCES["php"] = """<?php
class RideEvent {
    public string $rideId;
    const MAX_SEATS = 4;
    function routes($app) {
        $app->get('/v1/rides', 'list');
        $this->send("ride-$id", 7);
    }
}
"""
READ["php"] = """
3 FIELD rideId
4 NUMBER 4 = MAX_SEATS
6 STRING /v1/rides ($app->get)
6 STRING list ($app->get)
7 STRING ride-{} ($this->send)
"""

SOURCES["dart"] = """
class Rides {
  static const maxSeats = 4;
  final topic = 'rollo/rides';
  Future<void> end(String id) => http.post("/v1/rides/$id/end");
}
"""
READ["dart"] = """
3 NUMBER 4 = maxSeats
4 STRING rollo/rides = topic
5 STRING /v1/rides/{}/end (http.post)
"""

SOURCES["elixir"] = """
defmodule Rollo.RideController do
  @max_seats 4
  def end_ride(conn, params) do
    json(conn, %{ride_id: params["ride"], state: :in_motion})
    broadcast("rides:#{id}", "ride_ended")
  end
end
"""
READ["elixir"] = """
2 USED_TYPE Rollo.RideController
3 NUMBER 4 = max_seats
5 STRING ride (json)
5 STRING in_motion (json)
5 FIELD ride_id
6 STRING rides:{} (broadcast)
6 STRING ride_ended (broadcast)
"""

SOURCES["scala"] = """
object Rides {
  val MAX_SEATS = 4
  def routes = path("rides") { get(s"/v1/rides/$id") }
}
"""
READ["scala"] = """
3 NUMBER 4 = MAX_SEATS
4 STRING rides (path)
4 STRING /v1/rides/{} (get)
"""

SOURCES["lua"] = """
local MAX_SEATS = 4
local event = { ride_id = id, state = "moving" }
redis.call("PUBLISH", "rollo/rides", event)
"""
READ["lua"] = """
2 NUMBER 4 = MAX_SEATS
3 STRING moving = state
3 FIELD ride_id
4 STRING PUBLISH (redis.call)
4 STRING rollo/rides (redis.call)
"""

SOURCES["bash"] = """
ROLLO_PORT=8080
curl -X POST "http://rides/v1/rides/$RIDE_NAME/end" -H 'X-Rollo-Trace: a' ${ROLLO_TOKEN}
"""
READ["bash"] = """
2 ENV ROLLO_PORT
3 STRING curl
3 STRING POST
3 STRING http://rides/v1/rides/{}/end
3 STRING X-Rollo-Trace: a
3 ENV RIDE_NAME
3 ENV ROLLO_TOKEN
"""

SOURCES["hcl"] = """
resource "aws_sqs_queue" "ride_events" {
  name    = "ride-events-${var.stage}"
  delay   = 90
  tags    = { ROLLO_STAGE = "stage" }
}
"""
READ["hcl"] = """
2 STRING aws_sqs_queue
2 STRING ride_events
3 STRING ride-events-{} = name
5 STRING stage = ROLLO_STAGE
5 ENV ROLLO_STAGE
"""

SOURCES["yaml"] = """
paths:
  /v1/rides: { get: "listRides" }
ports: [8080, 'second']
"""
READ["yaml"] = """
2 STRING paths
3 STRING /v1/rides = paths
3 STRING get = /v1/rides
3 STRING listRides = get
4 STRING ports
4 NUMBER 8080 = ports
4 STRING second = ports
"""

SOURCES["json"] = """
{"queue": {"name": "ride-events", "delay": 90},
 "states": ["moving"]}
"""
READ["json"] = """
2 STRING queue
2 STRING name = queue
2 STRING ride-events = name
2 STRING delay = queue
2 NUMBER 90 = delay
3 STRING states
3 STRING moving = states
"""

SOURCES["proto"] = """
syntax = "proto3";
package rollo.fleet.v1; // a comment
/* message Old { string gone = 1; }
*/
message RideEvent {
  string ride_id = 1;
  repeated Stop stops = 2 [(rule) = { name: "x" }];
  map<string, Seat> seats_by_name = 3;
  oneof end { string place = 4; }
  enum State {
    STATE_UNKNOWN = 0;
  }
}
service Rides {
  rpc EndRide(RideEvent) returns (stream Receipt) { option (http) = { post: "/v1/end" }; }
}
"""
READ["proto"] = """
3 TYPE rollo.fleet.v1 = package
6 TYPE RideEvent = type
7 FIELD ride_id = field
8 FIELD stops = field
9 FIELD seats_by_name = field
10 FIELD place = field
11 TYPE State = type
12 STRING STATE_UNKNOWN = enum
15 TYPE Rides = type
16 TYPE EndRide = type
"""

SOURCES["graphql"] = '''
"""A comment { of a type."""
type Ride implements Node & Priced @key(fields: "rideId") {
  rideId: ID!
  stops(first: Int = 3, order: Order = BY_TIME): [Stop!]!
}
input StopInput { place: String! }
enum Order {
  BY_TIME # a comment
}
interface Priced { price: Int }
extend type Stop { visitedAt: String }
query RideById($id: ID!) {
  ride(id: $id) { receipt: lastReceipt { ...Parts } }
}
'''
READ["graphql"] = """
3 TYPE Ride = type
4 FIELD rideId = field
5 FIELD stops = field
5 FIELD first = field
5 FIELD order = field
5 STRING BY_TIME = enum
7 TYPE StopInput = type
7 FIELD place = field
8 TYPE Order = type
9 STRING BY_TIME = enum
11 TYPE Priced = type
11 FIELD price = field
12 FIELD visitedAt = field
13 TYPE RideById = type
14 MEMBER ride = member
14 MEMBER lastReceipt = member
"""
