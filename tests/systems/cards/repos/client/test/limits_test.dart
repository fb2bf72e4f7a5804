import 'package:flutter_test/flutter_test.dart';
import 'package:gambit_client/limits.dart';

void main() {
  test('a hand has seven cards', () {
    expect(maxHand, 7);
  });
}
