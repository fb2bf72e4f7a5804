import 'package:flutter/foundation.dart';
import 'package:phoenix_socket/phoenix_socket.dart';

import 'limits.dart';
import 'session.dart';

/// One match, as this phone sees it.
class TableModel extends ChangeNotifier {
  TableModel(Session session)
      : _socket = PhoenixSocket(
          'wss://$host/socket/websocket',
          socketOptions: PhoenixSocketOptions(
            params: {'player_token': session.playerToken, 'protocol_version': '4'},
          ),
        );

  final PhoenixSocket _socket;
  late PhoenixChannel _channel;
  int? mySeat;
  int? activeSeat;
  int secondsLeft = turnSeconds;
  List<String> hand = const [];
  String? problem;

  Future<void> sitDown(String tableId) async {
    await _socket.connect();
    _channel = _socket.addChannel(topic: 'table:$tableId');
    _channel.messages.listen(_onMessage);
    final joined = await _channel.join().future;
    final body = joined.response as Map<String, dynamic>;
    mySeat = body['your_seat'] as int;
    hand = List<String>.from(body['hand_cards'] as List);
    notifyListeners();
  }

  Future<void> play(String card, int target) async {
    final reply = await _channel.push('card:play', {'card_code': card, 'target_seat': target}).future;
    if (reply.isError) {
      problem = _sentence((reply.response as Map)['reason'] as String);
      notifyListeners();
    }
  }

  void endTurn() => _channel.push('turn:end', {});

  void emote(String id) => _channel.push('emote:send', {'emote_id': id});

  void _onMessage(Message message) {
    final body = message.payload ?? const {};
    switch (message.event.value) {
      case 'card:played':
        hand = hand.where((card) => card != body['card_code']).toList();
      case 'turn:began':
        activeSeat = body['active_seat'] as int;
        secondsLeft = turnSeconds;
      case 'emote:shown':
        debugPrint('emote ${body['emote_id']} status shown name ${body['from_seat']}');
      case 'match:over':
        problem = body['winner_seat'] == mySeat ? 'You won.' : 'You lost.';
    }
    notifyListeners();
  }

  String _sentence(String reason) => switch (reason) {
        'NOT_YOUR_TURN' => 'It is not your turn.',
        'CARD_NOT_IN_HAND' => 'You do not hold this card any more.',
        'MANA_TOO_LOW' => 'You need more mana.',
        'TABLE_FULL' => 'Both seats are taken.',
        _ => 'That did not work ($reason).',
      };
}
