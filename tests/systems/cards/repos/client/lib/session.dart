import 'dart:convert';

import 'package:http/http.dart' as http;

const host = String.fromEnvironment('GAMBIT_HOST', defaultValue: 'arena.gambit.example');

Uri _at(String path) => Uri.https(host, path);

class Session {
  Session(this.playerToken);

  final String playerToken;

  static Future<Session> open(String deviceKey) async {
    final answer = await http.post(
      _at('/api/sessions'),
      headers: {'content-type': 'application/json'},
      body: jsonEncode({'device_key': deviceKey}),
    );
    final body = jsonDecode(utf8.decode(answer.bodyBytes)) as Map<String, dynamic>;
    return Session(body['player_token'] as String);
  }

  Future<List<dynamic>> decks(String playerId) async {
    final answer = await http.get(_at('/api/players/$playerId/decks'));
    return jsonDecode(answer.body) as List<dynamic>;
  }

  Future<Map<String, dynamic>> card(String code) async {
    final answer = await http.get(_at('/api/cards/$code'));
    return jsonDecode(answer.body) as Map<String, dynamic>;
  }
}
