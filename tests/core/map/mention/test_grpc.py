"""A gRPC service is one link, wherever it is declared, served and called, and so are its methods."""

from __future__ import annotations

import pytest

from supervisor.core.map.interfaces import interfaces
from supervisor.domain.link import Family
from tests.core.map.sources import linked, rows

PROTO = """
syntax = "proto3";
package rollo.fleet.v1;
service RideDesk {
  rpc EndRide(EndRequest) returns (EndReply);
  rpc Watch(WatchRequest) returns (stream RideEvent);
}
"""
SERVERS = {
    "main.go": """package main
import pb "rollo.example/fleet/gen"
type server struct { pb.UnimplementedRideDeskServer }
func (s *server) EndRide(ctx context.Context, in *pb.EndRequest) (*pb.EndReply, error) { return nil, nil }
func main() { pb.RegisterRideDeskServer(grpc.NewServer(), &server{}) }
""",
    "server.py": """
import desk_pb2_grpc
class Desk(desk_pb2_grpc.RideDeskServicer):
    async def EndRide(self, request, context): ...
desk_pb2_grpc.add_RideDeskServicer_to_server(Desk(), server)
""",
    "Desk.java": """
import io.grpc.stub.StreamObserver;
class Desk extends RideDeskGrpc.RideDeskImplBase {
    @Override public void endRide(EndRequest request, StreamObserver<EndReply> observer) {}
}
""",
    "Desk.kt": """
import eu.rollo.RideDeskGrpcKt
class Desk : RideDeskGrpcKt.RideDeskCoroutineImplBase() {
    override suspend fun endRide(request: EndRequest): EndReply = reply()
}
""",
    "desk.ts": """
import * as grpc from "@grpc/grpc-js";
server.addService(RideDeskService, {
  endRide: (call, callback) => callback(null, reply),
});
""",
    "Desk.cs": """
using Grpc.Core;
public class Desk : RideDesk.RideDeskBase {
    public override Task<EndReply> EndRide(EndRequest request, ServerCallContext context) { return null; }
}
""",
    "main.rs": """
use tonic::{Request, Response};
impl RideDesk for Desk {
    async fn end_ride(&self, request: Request<EndRequest>) -> Result<Response<EndReply>, Status> { todo!() }
}
fn main() { Server::builder().add_service(RideDeskServer::new(Desk {})); }
""",
}
CLIENTS = {
    "client.go": """package main
import pb "rollo.example/fleet/gen"
func end() {
	desk := pb.NewRideDeskClient(conn)
	desk.EndRide(ctx, &pb.EndRequest{})
}
""",
    "client.py": """
import desk_pb2_grpc
stub = desk_pb2_grpc.RideDeskStub(channel)
stub.EndRide(request)
""",
    "Client.java": """
import io.grpc.ManagedChannel;
class Client {
    void end() { RideDeskGrpc.newBlockingStub(channel).endRide(request); }
}
""",
    "Client.kt": """
import io.grpc.ManagedChannel
class Client(channel: ManagedChannel) {
    private val stub = RideDeskGrpcKt.RideDeskCoroutineStub(channel)
    suspend fun end() = stub.endRide(request)
}
""",
    "client.ts": """
import { RideDeskClient } from "./gen/desk_grpc_web_pb";
const desk = new RideDeskClient(address, grpc.credentials.createInsecure());
desk.endRide(request, done);
""",
    "connect.ts": """
import { createClient } from "@connectrpc/connect";
const desk = createClient(RideDesk, transport);
await desk.endRide({});
""",
    "loaded.js": """
const grpc = require("@grpc/grpc-js");
const desk = new loaded.rollo.fleet.v1.RideDesk(address, grpc.credentials.createInsecure());
desk.EndRide({ id: 7 }, done);
""",
    "Client.cs": """
using Grpc.Net.Client;
class Client { void End() { var desk = new RideDesk.RideDeskClient(channel); desk.EndRideAsync(request); } }
""",
    "client.rs": """
use tonic::transport::Channel;
async fn end() { let mut desk = RideDeskClient::connect(address).await?; desk.end_ride(request).await?; }
""",
    "client.dart": """
import 'package:grpc/grpc.dart';
final desk = RideDeskClient(channel);
Future<void> end() => desk.endRide(request);
""",
    "raw.go": """package main
func end() { conn.Invoke(ctx, "/rollo.fleet.v1.RideDesk/EndRide", in, out) }
""",
}


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_uses_what_the_schema_of_another_repo_declares(client: str) -> None:
    found = rows(api={"desk.proto": PROTO}, app={client: CLIENTS[client]})

    assert ("schema", "RideDesk", "api provides, app uses") in found
    assert ("schema", "EndRide", "api provides, app uses") in found


@pytest.mark.parametrize("server", SERVERS)
def test_a_server_and_a_client_are_tied_without_the_schema(server: str) -> None:
    found = {name: sides for _, name, sides in rows(api={server: SERVERS[server]}, app={"raw.go": CLIENTS["raw.go"]})}

    for name in ("RideDesk", "EndRide"):
        assert found[name].startswith("api provides")
        assert found[name].endswith("app uses")


@pytest.mark.parametrize("server", SERVERS)
def test_of_two_repos_with_a_copy_of_the_schema_the_one_that_serves_provides(server: str) -> None:
    api = {"desk.proto": PROTO, server: SERVERS[server]}
    app = {"proto/desk.proto": PROTO, "client.py": CLIENTS["client.py"]}
    found = [one for one in interfaces(linked(api=api, app=app)) if one.family is Family.PROTOBUF]

    assert {(one.provider, one.consumer, one.directed) for one in found} == {("api", "app", True)}


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("a.go", "package a\nfunc f() { c := redis.NewRideDeskClient(x); c.EndRide() }"),
        ("a.ts", "const desk = new RideDeskClient(base); desk.endRide(x);"),
        ("a.py", '"""grpc"""\n# stub = RideDeskStub(channel)\n# stub.EndRide(x)\n'),
        ("a.kt", "// RideDeskGrpcKt.RideDeskCoroutineStub(channel)\n"),
    ],
)
def test_a_class_of_such_a_name_is_no_client_where_nothing_speaks_of_grpc(name: str, source: str) -> None:
    assert rows(api={"desk.proto": PROTO}, app={name: source}) == []


def test_a_method_of_one_word_counts_on_a_client_and_not_elsewhere() -> None:
    client = CLIENTS["client.py"]

    assert ("schema", "Watch", "api provides, app uses") in rows(
        api={"desk.proto": PROTO}, app={"client.py": f"{client}stub.Watch(request)\n"}
    )
    assert "Watch" not in {
        name for _, name, _ in rows(api={"desk.proto": PROTO}, app={"client.py": f"{client}files.Watch(request)\n"})
    }
