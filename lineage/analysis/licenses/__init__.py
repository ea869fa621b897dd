"""What derivatives declare as their license, compared with the terms of the nearest root above."""
