import 'package:phoenix_socket/phoenix_socket.dart';

class Lobby {
  Lobby(PhoenixSocket socket) : _channel = socket.addChannel(topic: 'lobby');

  final PhoenixChannel _channel;

  Future<bool> enter(String deckCode, {bool ranked = false}) async {
    final reply = await _channel.push('queue:enter', {'deck_code': deckCode, 'ranked': ranked}).future;
    return reply.isOk;
  }

  void leave() => _channel.push('queue:leave', {});

  Stream<String> get tables => _channel.messages
      .where((message) => message.event.value == 'queue:matched')
      .map((message) => message.payload!['table_id'] as String);
}
